// What is left of secrets in the memory of every process, looked at as only root can: after a load with more than a thousand
// canaries, nothing within a minute after the last was used, in no form. And of the keys, one copy, locked, where it must be.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  aes,
  type Client,
  hotp,
  keyslots,
  machines,
  passwords,
  type Result,
  tokens,
  totp,
  users,
} from '@chatelaine/contract';
import { RawKey } from '@chatelaine/rawtls';
import { type KeyPair, makeKeyPair } from '@chatelaine/rawtls/testing';
import { oneTimeCode } from '../../server/keep/src/otp/one-time-code.ts';
import { type DevInstance, type ProcessName, startDevInstance } from '../support/dev-instance.ts';
import { connectAs } from '../support/instance-link.ts';
import { fetchAtPort } from '../support/machine-at-the-port.ts';
import { readProcessStatus } from '../support/process-status.ts';
import { Scratch } from '../support/scratch.ts';
import { type Canary, makeCanaries } from './canaries.ts';
import { keysOfStore } from './keys-of-store.ts';
import { type MemoryRegion, memoryOf } from './memory-of.ts';
import { type Found, LONGEST_NEEDLE_BYTES, Needles } from './needles.ts';

const GONE_WITHIN_MS = 60_000;
const AT_ONCE = 20;
const settings: machines.MachineSettings = {
  host: '',
  checker: 'true',
  timeoutMs: 3_600_000,
  extendedTimeoutMs: 3_600_000,
  intervalMs: 60_000,
  approvalDelayMs: 0,
  approvalDurationMs: 1_000,
  approvedByDefault: true,
};

const accepted = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(`${result.code} ${result.message ?? ''}`);
  return result.value;
};

/** Does the work for all of them, some at once. */
const forAll = async <T>(all: readonly T[], work: (one: T, index: number) => Promise<unknown>): Promise<void> => {
  const left = [...all.entries()];
  const workLane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workLane));
};

interface FoundInMemory extends Found {
  readonly process: string;
  readonly region: MemoryRegion;
  readonly address: number;
}

const searchProcess = (process: string, pid: number, needles: Needles): readonly FoundInMemory[] => {
  const found = new Map<string, FoundInMemory>();
  for (const { at, bytes, region } of memoryOf(pid, LONGEST_NEEDLE_BYTES)) {
    for (const each of needles.findIn(bytes)) {
      const address = at + each.at;
      found.set(`${address} ${each.name} ${each.form}`, { ...each, process, region, address });
    }
  }
  return [...found.values()];
};

const describeFound = ({ process, name, form, region, address }: FoundInMemory): string =>
  `${process}: ${name}, ${form}, at ${address.toString(16)} in ${region.name || 'anonymous memory'} of ${region.end - region.start} bytes`;

suite('secrets in memory', { timeout: 400_000 }, () => {
  const scratch = new Scratch();
  const processes: readonly ProcessName[] = ['keep', 'gate', 'watch', 'check', 'courier'];
  let instance: DevInstance;
  let admin: Client;
  const used: Canary[] = [];

  const search = (needles: Needles): readonly FoundInMemory[] =>
    processes.flatMap((name) => searchProcess(name, instance.pidOf(name), needles));

  before(async () => {
    assert.equal(process.geteuid?.(), 0, 'memory can be looked at only as root');
    const { dir, stop } = await startDevInstance(scratch);
    await stop();
    // With somebody to carry notices to, so that the courier runs.
    appendFileSync(path.join(dir, 'chatelaine.toml'), '\n[[courier.hooks]]\ncommand = ["/bin/true"]\n');
    instance = await startDevInstance(scratch, { dir });
    admin = await connectAs(scratch, instance.dir, 'admin');
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('a canary that a process holds is found, in every form', () => {
    const needles = new Needles();
    const [canary] = makeCanaries('planted', 1, [48]);
    assert.ok(canary !== undefined);
    needles.add(canary.name, canary.bytes);
    const text = canary.bytes.toString('base64');
    const held = [
      Buffer.from(canary.bytes),
      Buffer.from(canary.bytes.toString('hex')),
      Buffer.from(`x${text}`),
      Buffer.from(text, 'utf16le'),
    ];
    const forms = new Set(searchProcess('test', process.pid, needles).map(({ form }) => form));
    for (const form of ['raw', 'hex', 'base64', 'base64 in UTF-16']) assert.ok(forms.has(form), form);
    assert.equal(held.length, 4);
  });

  test('a load: a thousand machines and more get their secrets, others are kept, shown, and exported', async () => {
    const pairs = makeCanaries('secret of machine', 1_000).map((canary) => ({ canary, pair: makeKeyPair() }));
    const size = machines.MAX_ENROLLED_AT_ONCE;
    const batches = Array.from({ length: Math.ceil(pairs.length / size) }, (_, at) =>
      pairs.slice(at * size, at * size + size),
    );
    await forAll(batches, async (batch) => {
      const enrolled = batch.map(({ canary, pair }) => ({
        name: canary.name.replaceAll(' ', '-'),
        keyId: pair.keyId,
        secret: Buffer.from(canary.bytes),
        enabled: true,
        settings,
      }));
      accepted(await admin.call(machines.enroll, { machines: enrolled, replace: false }, { requestId: randomUUID() }));
    });
    await forAll(pairs, async ({ canary, pair }: { canary: Canary; pair: KeyPair }) => {
      const key = RawKey.load(pair.publicKey, pair.privateKey);
      try {
        const got = await fetchAtPort(instance.mandosPort, key);
        assert.ok(got?.equals(canary.bytes), canary.name);
      } finally {
        key.release();
      }
    });
    await forAll(pairs.slice(0, 100), async ({ canary }) => {
      const got = accepted(
        await admin.call(
          machines.exportSecret,
          { name: canary.name.replaceAll(' ', '-') },
          { requestId: randomUUID() },
        ),
      );
      assert.ok(Buffer.from(got.secret).equals(canary.bytes));
    });
    used.push(...pairs.map(({ canary }) => canary));
  });

  test('and passwords, over the link and over HTTP as raw bytes, and tokens', async () => {
    const stored = makeCanaries('password', 200, [16, 24, 40, 64, 100]).map(({ name, bytes }) => ({
      name,
      bytes: Buffer.from(bytes.toString('base64url').slice(0, bytes.length)),
    }));
    await forAll(stored, async ({ name, bytes }) => {
      const key = name.replaceAll(' ', '-');
      accepted(
        await admin.call(
          passwords.set,
          { key, format: 'plain', value: Buffer.from(bytes) },
          { requestId: randomUUID() },
        ),
      );
      const got = accepted(await admin.call(passwords.get, { key, format: 'plain' }));
      assert.ok(Buffer.from(got.value).equals(bytes));
    });
    const { token } = accepted(
      await admin.call(tokens.create, {
        name: 'reader',
        expiresInMs: null,
        groups: [],
        grants: [{ capability: 'passwords.get', path: '**' }],
      }),
    );
    const authorization = `Bearer ${Buffer.from(token).toString('ascii')}`;
    await forAll(stored, async ({ name, bytes }) => {
      const answer = await fetch(`http://${instance.http}/v1/passwords/${name.replaceAll(' ', '-')}/plain`, {
        headers: { authorization, accept: 'application/octet-stream' },
      });
      assert.equal(answer.status, 200, await (answer.ok ? '' : answer.text()));
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes));
    });
    used.push(...stored);
  });

  test('and seeds of one-time codes: enrolled, taken over from another system, used, and exported', async () => {
    const people = ['ada', 'bob', 'eve', 'joe'];
    for (const name of people) accepted(await admin.call(users.add, { name, fullName: '', groups: [] }));
    const seeds = makeCanaries('seed', 64, [16, 20, 32, 64]).map((canary, at) => ({
      ...canary,
      ...{ user: people[at % people.length] ?? '', credential: `c${(at >> 2) & 7}`, isImported: at >= 32 },
    }));
    const form = { digits: 8, algorithm: 'sha1', lookAhead: 10 } as const;
    const code = (bytes: Buffer, counter: number): string => oneTimeCode(bytes, counter, form).toString();
    const id = randomBytes(16).toString('hex');
    await forAll(seeds, async ({ user, credential, bytes, isImported }) => {
      const named = { user, credential };
      if (isImported) {
        const seed = Buffer.from(bytes);
        const one = { ...named, digits: 8, algorithm: 'sha1', periodSeconds: 30, window: 1, seed } as const;
        return accepted(await admin.call(totp.bring, { import: id, credentials: [one] }));
      }
      const secret = { kind: 'given', value: Buffer.from(bytes) } as const;
      accepted(await admin.call(hotp.enroll, { ...named, ...form, secret, counter: 0 }));
      accepted(await admin.call(hotp.confirm, { ...named, codes: [code(bytes, 0), code(bytes, 1)] }));
      accepted(await admin.call(hotp.verify, { ...named, code: code(bytes, 2) }));
      return accepted(await admin.call(hotp.verify, { ...named, code: code(bytes, 3) }));
    });
    accepted(await admin.call(aes.completeImport, { import: id }));
    await forAll(seeds, async ({ user, credential, bytes, isImported }) => {
      const exported = await admin.call(isImported ? totp.exportSeed : hotp.exportSeed, { user, credential });
      assert.ok(Buffer.from(accepted(exported).seed).equals(bytes));
    });
    used.push(...seeds);
  });

  test('and a pass phrase that opens the keep', async () => {
    const [phrase] = makeCanaries('pass phrase', 1, [40]);
    assert.ok(phrase !== undefined);
    const secret = Buffer.from(phrase.bytes.toString('hex').slice(0, 40));
    accepted(await admin.call(keyslots.add, { kind: 'pass-phrase', secret: Buffer.from(secret), label: 'a person' }));
    used.push({ name: phrase.name, bytes: secret });
  });

  test('a minute later no canary is in any process, in any form', async (t) => {
    const needles = new Needles();
    for (const { name, bytes } of used) needles.add(name, bytes);
    const end = Date.now() + GONE_WITHIN_MS;
    let found = search(needles);
    const atOnce = found.length;
    while (found.length > 0 && Date.now() < end) {
      await pause(5_000);
      found = search(needles);
    }
    t.diagnostic(`${used.length} canaries; ${atOnce} places at once, ${found.length} in the end`);
    assert.deepEqual(found.slice(0, 60).map(describeFound), []);
  });

  test('no canary and no key is in a log, in the audit record, in an error, or in any file but sealed', async () => {
    const needles = new Needles();
    for (const { name, bytes } of used) needles.add(name, bytes);
    assert.deepEqual(needles.findIn(Buffer.from(instance.words())), []);
    const files = readdirSync(instance.dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 10);
    for (const file of files) {
      const found = needles.findIn(readFileSync(path.join(file.parentPath, file.name)));
      assert.deepEqual(found, [], file.name);
    }
  });

  test('the keep holds the root key once, all keys in locked memory that no core dump shows; no other process holds any', async () => {
    const keys = await keysOfStore(scratch, admin, instance.dir);
    assert.ok(keys.size > 4);
    const needles = new Needles();
    for (const [name, bytes] of keys) needles.add(name, bytes);
    const found = search(needles);
    for (const name of keys.keys()) {
      const places = found.filter((each) => each.name === name);
      // The first key of a collection may be held once more, for what was sealed while another request made it too.
      const most = name === 'root key' || name === 'wrapping key' ? 1 : 2;
      assert.ok(places.length >= 1 && places.length <= most, `${name}: ${places.map(describeFound).join('; ')}`);
      for (const place of places) {
        assert.equal(place.process, 'keep');
        assert.ok(place.region.flags.has('lo') && place.region.flags.has('dd'), `${name} is locked, in no core dump`);
      }
    }
  });

  test('the key file that opened the keep is not in memory', () => {
    const needles = new Needles();
    needles.add('key file', readFileSync(path.join(instance.dir, 'unseal.key')));
    assert.deepEqual(search(needles).map(describeFound), []);
  });

  test('no process can dump core, and none was swapped out', () => {
    for (const name of processes) {
      const pid = instance.pidOf(name);
      assert.deepEqual(readProcessStatus(pid).coreLimits, ['0', '0'], name);
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^VmSwap:\s+0 kB$/m, name);
    }
  });
});

// kill -9 over the whole system: keep, gate and watch, one or all, again and again, while machines fetch and people change
// things. Whatever was answered is there, once; whatever a machine was given is on record.
//
// CHATELAINE_KILLS says how often; scripts/test --long kills asks for a thousand.

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { audit, type Client, machines, passwords } from '@chatelaine/contract';
import { RawKey } from '@chatelaine/rawtls';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import { startDevInstance } from '../support/dev-instance.ts';
import { freePort } from '../support/free-port.ts';
import { House, type HouseName } from '../support/house.ts';
import { connectAs } from '../support/instance-link.ts';
import { fetchAtPort } from '../support/machine-at-the-port.ts';
import { machineSettings } from '../support/machine-settings.ts';
import { Scratch } from '../support/scratch.ts';

const KILLS = Number(process.env['CHATELAINE_KILLS'] ?? 25);
const MACHINES = 3;
const WRITERS = 3;
const PAUSE_MS = 10;

/** Whom to kill: mostly the keep, now and then all at once. */
const chooseVictims = (): readonly HouseName[] => {
  const dice = randomInt(10);
  if (dice < 6) return ['keep'];
  if (dice < 8) return ['gate'];
  return dice < 9 ? ['watch'] : ['gate', 'watch', 'keep'];
};

/** Asks again with the same id until there is an answer, as everybody should. */
const untilAnswered = async <T extends { readonly kind: string; readonly code?: string }>(
  ask: () => Promise<T>,
): Promise<T> => {
  for (;;) {
    const answer = await ask();
    if (answer.kind === 'ok' || !['unavailable', 'busy', 'deadline', 'sealed', 'conflict'].includes(answer.code ?? ''))
      return answer;
    await pause(PAUSE_MS);
  }
};

/** How often each operation on each object was recorded, and the longest of request ids that came twice. */
const countRecords = async (
  admin: Client,
): Promise<{ readonly counts: ReadonlyMap<string, number>; readonly twice: readonly string[] }> => {
  const counts = new Map<string, number>();
  const requests = new Set<string>();
  const twice: string[] = [];
  for (let before: number | undefined; ; ) {
    const page = await admin.call(audit.list, { limit: 1_000, ...(before !== undefined && { before }) });
    assert.ok(page.kind === 'ok');
    for (const { operation, object, decision, requestId } of page.value.records) {
      const key = `${operation} ${object} ${decision}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (requestId === undefined) continue;
      if (requests.has(requestId)) twice.push(requestId);
      requests.add(requestId);
    }
    before = page.value.next;
    if (before === undefined) return { counts, twice };
  }
};

test(`${KILLS} kills under load lose nothing that was answered and double nothing`, {
  timeout: 3_600_000,
}, async (t) => {
  await using scratch = new Scratch();
  const mandosPort = await freePort();
  const { dir, stop } = await startDevInstance(scratch, { mandosPort });
  assert.equal(await stop(), 0);
  const house = new House(scratch, dir);
  for (const name of ['keep', 'gate', 'watch'] as const) await house.start(name);
  const admin = await connectAs(scratch, dir, 'admin');
  let isOver = false;
  scratch.atEnd(() => {
    isOver = true;
  });

  const fetched = new Map<string, { asked: number; got: number }>();
  const fetchOn = async (name: string, key: RawKey): Promise<void> => {
    const count = { asked: 0, got: 0 };
    fetched.set(name, count);
    while (!isOver) {
      count.asked++;
      const secret = await fetchAtPort(mandosPort, key);
      if (secret !== undefined) {
        assert.equal(secret.toString(), `secret of ${name}`);
        count.got++;
      }
      await pause(PAUSE_MS);
    }
  };

  const written = new Map<string, number>();
  const writeOn = async (key: string): Promise<void> => {
    for (let number = 1; !isOver; number++) {
      const requestId = randomUUID();
      const value = Buffer.from(`value ${number}`);
      const answer = await untilAnswered(() =>
        admin.call(
          passwords.set,
          { key, format: 'plain', value: Buffer.from(value), asIs: true },
          { requestId, deadlineMs: 5_000 },
        ),
      );
      assert.equal(answer.kind, 'ok', JSON.stringify(answer));
      written.set(key, number);
      await pause(PAUSE_MS);
    }
  };

  const keys: RawKey[] = [];
  const load: Promise<void>[] = [];
  for (let index = 0; index < MACHINES; index++) {
    const pair = makeKeyPair();
    const name = `machine${index}`;
    const machine = {
      name,
      keyId: pair.keyId,
      secret: Buffer.from(`secret of ${name}`),
      enabled: true,
      settings: machineSettings,
    };
    assert.equal((await admin.call(machines.enroll, { machines: [machine], replace: false })).kind, 'ok');
    const key = RawKey.load(pair.publicKey, pair.privateKey);
    keys.push(key);
    load.push(fetchOn(name, key));
  }
  for (let index = 0; index < WRITERS; index++) load.push(writeOn(`counter${index}`));

  const killed = { keep: 0, gate: 0, watch: 0 };
  let kills = 0;
  while (kills < KILLS) {
    await pause(randomInt(300));
    const victims = chooseVictims();
    for (const name of victims) {
      assert.ok(house.isRunning(name), `${name} runs until it is killed: ${house.words.slice(-2_000)}`);
    }
    await Promise.all(victims.map((name) => house.end(name, 'SIGKILL')));
    for (const name of victims) killed[name]++;
    kills += victims.length;
    for (const name of [...victims].reverse()) await house.start(name);
    if (kills % 100 < victims.length) t.diagnostic(`${kills} kills so far`);
  }
  isOver = true;
  await Promise.all(load);
  for (const key of keys) key.release();

  const { counts, twice } = await countRecords(admin);
  assert.deepEqual(twice, [], 'no request was carried out twice');
  for (const [key, number] of written) {
    const got = await admin.call(passwords.get, { key, format: 'plain' });
    assert.ok(got.kind === 'ok');
    assert.equal(
      Buffer.from(got.value.value).toString(),
      `value ${number}`,
      'the last change that was answered is there',
    );
    assert.equal(counts.get(`passwords.set passwords/${key} changed`), number, 'each change once');
  }
  let got = 0;
  for (const [name, count] of fetched) {
    const recorded = counts.get(`machines.fetch machines/${name} released`) ?? 0;
    assert.ok(
      count.got > 0 && recorded >= count.got && recorded <= count.asked,
      `${name}: ${recorded} on record, ${count.got} given`,
    );
    got += count.got;
  }
  const verdicts = await admin.stream(audit.verify, {});
  assert.ok(Symbol.asyncIterator in verdicts);
  let last: string | undefined;
  for await (const { kind } of verdicts) last = kind;
  assert.equal(last, 'intact');
  const changes = [...written.values()].reduce((sum, number) => sum + number, 0);
  t.diagnostic(
    `${kills} kills (${JSON.stringify(killed)}): ${changes} changes answered, ${got} secrets given, none lost, none doubled`,
  );
});

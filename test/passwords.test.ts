// Passwords as a whole: asked for over the API and at the shell, with tokens that may more or less; shown once; told to hooks. No value
// is found where it does not belong.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from './support/dev-instance.ts';
import { Scratch } from './support/scratch.ts';

const TURNS = 100;
const root = path.join(import.meta.dirname, '..');

interface Said {
  readonly status: number;
  readonly body: Buffer;
  readonly json: () => Readonly<Record<string, unknown>>;
}

interface Asking {
  readonly token?: string;
  readonly raw?: boolean;
  readonly json?: unknown;
  readonly bytes?: string;
  readonly once?: string;
}

const text = (value: unknown): string => Buffer.from(String(value), 'base64').toString();

suite('passwords', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let hookFile: string;
  let everything: string;
  let hashes: string;

  const ask = (method: string, place: string, { token = everything, raw, json, bytes, once: key }: Asking = {}) =>
    new Promise<Said>((resolve, reject) => {
      const [host, port] = instance.http.split(':');
      const headers = {
        authorization: `Bearer ${token}`,
        ...(raw === true && { accept: 'application/octet-stream' }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(bytes !== undefined && { 'content-type': 'application/octet-stream' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      };
      const asked = request({ method, host, port, path: `/v1/passwords${place}`, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const body = Buffer.concat(parts);
          resolve({ status: response.statusCode ?? 0, body, json: () => JSON.parse(body.toString()) });
        });
      });
      asked.once('error', reject);
      asked.end(json === undefined ? bytes : JSON.stringify(json));
    });

  before(async () => {
    const directory = scratch.directory();
    hookFile = path.join(directory, 'heard');
    const hook = path.join(directory, 'hook');
    writeFileSync(hook, `#!/bin/sh\ncat >> ${hookFile}\n`);
    chmodSync(hook, 0o755);
    const first = await startDevInstance(scratch);
    await first.stop();
    appendFileSync(
      path.join(first.dir, 'chatelaine.toml'),
      `[[courier.hooks]]\ncommand = ["${hook}"]\nkinds = ["password-set", "password-deleted"]\n`,
    );
    instance = await startDevInstance(scratch, { dir: first.dir });
    everything = (await instance.run(['token', 'create', 'all', '--grant', 'passwords.*:**'])).trim();
    hashes = (await instance.run(['token', 'create', 'few', '--grant', 'passwords.get.hashes:mail/*'])).trim();
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('in JSON and as it is, with a body of one’s own, and again with the same key', async () => {
    const made = await ask('POST', '/mail%2Fa/sha512crypt', { json: { options: { rounds: 1_000 } } });
    assert.equal(made.status, 200);
    assert.match(text(made.json()['value']), /^\$6\$rounds=1000\$/);
    assert.equal(made.json()['isNew'], true);
    const raw = await ask('GET', '/mail%2Fa/sha512crypt', { raw: true, token: hashes });
    assert.equal(raw.body.toString(), text(made.json()['value']));
    assert.equal((await ask('PUT', '/mail%2Fown/plain', { bytes: 'Tütü\0π' })).status, 200);
    assert.equal((await ask('GET', '/mail%2Fown/plain', { raw: true })).body.toString(), 'Tütü\0π');
    const reset = () => ask('POST', '/mail%2Fown/plain/reset', { json: {}, once: 'rotation-1' });
    assert.equal((await reset()).json()['value'], (await reset()).json()['value'], 'made once');
    const deleted = () => ask('DELETE', '/mail%2Fown', { once: 'removal-1' });
    assert.deepEqual((await deleted()).json(), (await deleted()).json(), 'a lost reply loses nothing');
    assert.equal((await ask('DELETE', '/mail%2Fown')).status, 404);
  });

  test('a scoped token gets hashes of its keys, and neither a password nor another key', async () => {
    await ask('POST', '/web/plain', { json: {} });
    for (const [place, status] of [
      ['/mail%2Fa/sha512crypt', 200],
      ['/mail%2Fa/plain', 403],
      ['/mail%2Fnothing/plain', 403],
      ['/web/plain', 403],
      ['/mail%2Fnothing/mysql', 404],
      ['', 403],
    ] as const) {
      assert.equal((await ask('GET', place, { token: hashes })).status, status, place);
    }
    assert.equal((await ask('POST', '/mail%2Fa/sha512crypt', { json: {}, token: hashes })).status, 403);
  });

  test('bad input names the field and stores nothing', async () => {
    const long = 'k'.repeat(1_025);
    for (const [place, json, field] of [
      ['/x/md6', {}, 'format'],
      ['/x/md.6', {}, 'format'],
      ['/x/bcrypt', { options: { cost: 'much' } }, 'options.cost'],
      ['/x/plain', { options: [1] }, 'options'],
      ['/x/plain', { options: { length: -1 } }, 'options.length'],
      ['/x/plain', { more: 1 }, ''],
      [`/${long}/plain`, {}, 'key'],
      ['/a%0Ab/plain', {}, 'key'],
      ['/%00/plain', {}, 'key'],
    ] as const) {
      const said = await ask('POST', place, { json });
      assert.equal(said.status, 400, place.slice(0, 20));
      assert.equal(said.json()['code'], 'invalid-input');
      assert.equal(said.json()['field'] ?? '', field, place.slice(0, 20));
    }
    const huge = await ask('POST', `/${'k'.repeat(1_048_576)}/plain`, { json: {} }).catch(() => undefined);
    assert.ok(huge === undefined || huge.status >= 400, 'a key of a megabyte');
    assert.equal((await ask('PUT', '/x/plain', { bytes: '' })).status, 400);
    assert.equal((await ask('GET', '/x')).status, 404);
  });

  test('created and deleted at once, a key is there or not, and never half', async () => {
    const rounds = Array.from({ length: 10 }, async () => {
      const answers = await Promise.all([
        ask('POST', '/race/mysql', { json: {} }),
        ask('DELETE', '/race'),
        ask('POST', '/race/plain', { json: {} }),
      ]);
      for (const { status } of answers) assert.ok([200, 404, 409].includes(status), String(status));
    });
    await Promise.all(rounds);
    const shown = await ask('GET', '/race');
    if (shown.status === 200) assert.ok((shown.json()['formats'] as string[]).includes('plain'));
  });

  test('shown once at the shell: if nobody takes it, it is not destroyed', async () => {
    await instance.run(['password', 'create', 'once', 'mysql', '--hash-only']);
    const command = path.join(root, 'bin', 'chatelaine');
    const child = spawn(command, ['password', 'show-once', 'once', '-y'], {
      env: { ...process.env, CHATELAINE_DIR: instance.dir },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    assert.equal(code, 1);
    assert.equal((await instance.attempt(['password', 'get', 'once', 'plain'])).code, 1);
    const shown = await instance.run(['password', 'show-once', 'once', '-y', '--derive', 'sha512crypt']);
    assert.match(shown, /^.{16}\n$/);
    assert.equal((await instance.attempt(['password', 'show-once', 'once', '-y'])).code, 1);
    const view = JSON.parse(await instance.run(['password', 'show', 'once', '--json']));
    assert.deepEqual([view.formats, view.shown.to], [['mysql', 'sha512crypt'], 'admin:admin']);
  });

  test('a hook hears what is set and deleted, by whom, and no value; nor has the log one', async () => {
    const secret = 'hunter2 in no notice and no log';
    await instance.run(['password', 'set', 'told', 'plain'], { input: secret });
    await instance.run(['password', 'delete', 'told', 'plain', '-y']);
    const heard = (): readonly Readonly<Record<string, string>>[] =>
      existsSync(hookFile)
        ? readFileSync(hookFile, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
            .filter((notice) => notice.password === 'told')
        : [];
    for (let turn = 0; turn < TURNS && heard().length < 2; turn++) await pause(100);
    assert.deepEqual(
      heard().map(({ kind, format, by }) => [kind, format, by]),
      [
        ['password-set', 'plain', 'admin:admin'],
        ['password-deleted', 'plain', 'admin:admin'],
      ],
    );
    assert.ok(!readFileSync(hookFile, 'utf8').includes(secret));
    assert.ok(!instance.words().includes(secret));
    const store = readFileSync(path.join(instance.dir, 'keep', 'store.db'));
    assert.ok(!store.includes(secret) && !store.includes('told'), 'nor does the store show value or name');
  });
});

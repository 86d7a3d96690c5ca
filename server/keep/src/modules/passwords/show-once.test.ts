import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, type Client, passwords, type Result, tokens } from '@chatelaine/contract';
import { type StartedKeep, startKeep } from '../../testing/start-keep.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

const openKeep = async (): Promise<StartedKeep> => {
  const started = await startKeep();
  await started.unseal();
  return started;
};

const must = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(`${result.code} ${result.field ?? ''} ${result.message ?? ''}`);
  return result.value;
};

const codeOf = (result: Result<unknown>): string => (result.kind === 'refused' ? result.code : 'ok');

const make = async (client: Client, key: string, format: string, options: Record<string, unknown> = {}) =>
  text(must(await client.call(passwords.create, { key, format, options })).value);

test('shown once: fetched, acknowledged, destroyed; what is derived stays, and who saw it is known', async () => {
  await using started = await openKeep();
  const { admin } = started;
  const hash = await make(admin, 'db', 'sha512crypt');
  const first = must(await admin.call(passwords.reveal, { key: 'db' }));
  const again = must(await admin.call(passwords.reveal, { key: 'db' }));
  assert.deepEqual(
    [text(again.value), again.receipt],
    [text(first.value), first.receipt],
    'a lost reply loses nothing',
  );
  assert.equal(codeOf(await admin.call(passwords.get, { key: 'db', format: 'plain' })), 'shown-once');
  const wrong = await admin.call(passwords.acknowledge, { key: 'db', receipt: '0'.repeat(32) });
  assert.equal(codeOf(wrong), 'shown-once');
  const { receipt } = first;
  assert.deepEqual(must(await admin.call(passwords.acknowledge, { key: 'db', receipt })).formats, ['sha512crypt']);
  assert.equal(codeOf(await admin.call(passwords.reveal, { key: 'db' })), 'plain-is-gone');
  assert.equal(codeOf(await admin.call(passwords.acknowledge, { key: 'db', receipt })), 'not-found');
  assert.equal(await make(admin, 'db', 'sha512crypt'), hash);
  for (const format of ['plain', 'mysql']) {
    const answer = await admin.call(passwords.create, { key: 'db', format, options: {} });
    assert.equal(codeOf(answer), 'plain-is-gone');
  }
  const shown = must(await admin.call(passwords.show, { key: 'db' }));
  assert.deepEqual([shown.hashOnly, shown.shown?.to], [true, 'admin:admin']);
  const { records } = must(await admin.call(audit.list, { limit: 50, object: 'passwords/db' }));
  const told = records.filter(({ operation }) => operation === 'passwords.reveal').map(({ decision }) => decision);
  assert.deepEqual(told, ['refused', 'released', 'released']);
});

test('while it is being shown to one, nobody else gets it', async () => {
  await using started = await openKeep();
  const { admin } = started;
  await make(admin, 'db', 'plain');
  const { token } = must(
    await admin.call(tokens.create, {
      ...{ name: 'ci', expiresInMs: null, groups: [] },
      grants: [{ capability: 'passwords.*', path: '**' }],
    }),
  );
  const asToken = { credential: token, source: '192.0.2.1' };
  const { receipt } = must(await started.gate.call(passwords.reveal, { key: 'db' }, asToken));
  assert.equal(codeOf(await admin.call(passwords.reveal, { key: 'db' })), 'shown-once');
  assert.equal(codeOf(await admin.call(passwords.acknowledge, { key: 'db', receipt })), 'shown-once');
  assert.equal(codeOf(await admin.call(passwords.get, { key: 'db', format: 'plain' })), 'shown-once');
  const exported = must(await admin.call(passwords.exportKey, { key: 'db' }));
  assert.deepEqual(exported.values, []);
  const deleted = must(await admin.call(passwords.remove, { key: 'db', format: 'plain' }));
  assert.equal(deleted.value, undefined, 'deleted unseen');
});

test('a key that is made hash-only never gives its password but once', async () => {
  await using started = await openKeep();
  const { admin } = started;
  const options = { hash_only: true };
  const direct = await admin.call(passwords.create, { key: 'db', format: 'plain', options });
  assert.equal(direct.kind === 'refused' && direct.field, 'options.hash_only');
  await make(admin, 'db', 'mysql', options);
  const asked = await admin.call(passwords.create, { key: 'db', format: 'plain', options: {} });
  assert.equal(codeOf(asked), 'shown-once');
  assert.equal(codeOf(await admin.call(passwords.get, { key: 'db', format: 'plain' })), 'shown-once');
  const reset = { key: 'db', format: 'plain', options: {}, derived: 'drop' } as const;
  assert.equal(must(await admin.call(passwords.reset, reset)).value, undefined);
  const shown = must(await admin.call(passwords.show, { key: 'db' }));
  assert.deepEqual(
    shown.versions.map(({ formats }) => formats),
    [['mysql']],
    'no version has the password',
  );
  const { value, receipt } = must(await admin.call(passwords.reveal, { key: 'db' }));
  assert.equal(value.length, 16);
  must(await admin.call(passwords.acknowledge, { key: 'db', receipt }));
  const spent = await admin.call(passwords.create, { key: 'db', format: 'mysql', options: {} });
  assert.equal(codeOf(spent), 'plain-is-gone', 'it is in use somewhere');
  const anew = must(await admin.call(passwords.reset, reset));
  assert.equal(anew.value, undefined);
  assert.equal(codeOf(await admin.call(passwords.reveal, { key: 'db' })), 'ok');
});

test('no earlier version brings back a password that was shown once', async () => {
  await using started = await openKeep();
  const { admin } = started;
  await make(admin, 'db', 'mysql');
  must(await admin.call(passwords.reset, { key: 'db', format: 'mysql', options: {}, derived: 'drop' }));
  const { receipt } = must(await admin.call(passwords.reveal, { key: 'db' }));
  must(await admin.call(passwords.acknowledge, { key: 'db', receipt }));
  assert.deepEqual(must(await admin.call(passwords.rollBack, { key: 'db', version: 1 })).formats, ['mysql']);
  assert.equal(codeOf(await admin.call(passwords.get, { key: 'db', format: 'plain' })), 'not-found');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InputOf, yubiotp } from '@chatelaine/contract';
import { codeOf, startWithUsers } from '../../otp/testing/start-with-users.ts';
import type { StartedKeep } from '../../testing/start-keep.ts';
import { typeCode } from './testing/type-code.ts';

const publicId = 'vvcccccccccb';
const secrets = { privateId: Buffer.from('8792ebfe26cc', 'hex'), key: Buffer.alloc(16, 5) };
const [one, other] = ['1'.repeat(32), '2'.repeat(32)];
const stored = {
  ...{ ...secrets, serialNumber: 4711, created: '2009-02-24T17:41:57', lockCode: Buffer.alloc(6) },
  ...{ creator: '', active: true },
};
const state = {
  ...{ active: true, counter: 5, use: 3, timestamp: 0x0102ff, nonce: 'kakakakakakakakakakakaka' },
  ...{ createdAtUnixMs: 1_000, modifiedAtUnixMs: 2_000, notes: 'of the old server' },
};

type Keys = InputOf<typeof yubiotp.bringKeys>['keys'];

const bring = async ({ admin }: StartedKeep, keys: Keys, id = one) =>
  await admin.call(yubiotp.bringKeys, { import: id, keys });
const complete = async ({ admin }: StartedKeep, id = one) =>
  assert.equal(codeOf(await admin.call(yubiotp.completeImport, { import: id })), 'ok');
const verify = async ({ admin }: StartedKeep, counter: number, use: number) =>
  codeOf(await admin.call(yubiotp.verify, { otp: typeCode(publicId, secrets, { counter, use }) }));
const decrypt = async ({ gate }: StartedKeep, otp: string) => await gate.call(yubiotp.decrypt, { otp });

test('nothing of an import is there before all of it is', async () => {
  await using keep = await startWithUsers();
  const brought = await bring(keep, [{ publicId, stored, state }]);
  assert.ok(brought.kind === 'ok');
  assert.deepEqual(brought.value, { added: 1, changed: 0, unchanged: 0 });
  assert.equal(await verify(keep, 6, 0), 'wrong-code');
  assert.equal(codeOf(await decrypt(keep, typeCode(publicId, secrets, { counter: 6, use: 0 }))), 'not-found');
  const listed = await keep.admin.call(yubiotp.list, { limit: 10 });
  assert.ok(listed.kind === 'ok');
  assert.deepEqual(listed.value.keys, []);
  await complete(keep);
  assert.equal(await verify(keep, 6, 0), 'ok');
});

test('a key goes on from where the validation server had it: its old codes are replays', async () => {
  await using keep = await startWithUsers();
  await bring(keep, [{ publicId, stored, state }]);
  await complete(keep);
  assert.equal(await verify(keep, 5, 3), 'replayed');
  assert.equal(await verify(keep, 5, 4), 'ok');
  assert.equal(await verify(keep, 5, 4), 'replayed');
});

test('secrets and counters may come one after the other, in either order', async () => {
  for (const parts of [
    [{ stored }, { state }],
    [{ state }, { stored }],
  ] as const) {
    await using keep = await startWithUsers();
    await bring(keep, [{ publicId, ...parts[0] }], one);
    await complete(keep, one);
    const second = await bring(keep, [{ publicId, ...parts[1] }], other);
    assert.ok(second.kind === 'ok' && second.value.changed === 1);
    await complete(keep, other);
    assert.equal(await verify(keep, 5, 3), 'replayed');
    assert.equal(await verify(keep, 5, 4), 'ok');
  }
});

test('counters are taken over only where they are higher, and a file that came before changes nothing', async () => {
  await using keep = await startWithUsers();
  await bring(keep, [{ publicId, stored, state }]);
  await complete(keep);
  assert.equal(await verify(keep, 9, 0), 'ok');
  const again = await bring(keep, [{ publicId, stored, state }], other);
  assert.ok(again.kind === 'ok');
  assert.deepEqual(again.value, { added: 0, changed: 0, unchanged: 1 });
  assert.equal(await verify(keep, 5, 4), 'replayed', 'the counters of here stayed');
});

test('other secrets for an id that is there are refused with the place in the file, also for a user’s key', async () => {
  await using keep = await startWithUsers();
  const secret = { kind: 'given', ...secrets } as const;
  await keep.admin.call(yubiotp.enroll, { user: 'ada', publicId, secret });
  const foreign = { ...stored, key: Buffer.alloc(16, 6) };
  const keys = [
    { publicId: 'cccccccccccb', stored },
    { publicId, stored: foreign },
  ];
  const checked = await keep.admin.call(yubiotp.checkKeys, { import: one, keys });
  assert.deepEqual(
    [codeOf(checked), checked.kind === 'refused' && checked.field],
    ['already-exists', 'keys.1.publicId'],
  );
  assert.equal(codeOf(await bring(keep, keys)), 'already-exists');
  await complete(keep);
  const listed = await keep.admin.call(yubiotp.list, { limit: 10 });
  assert.ok(listed.kind === 'ok');
  assert.deepEqual(
    listed.value.keys.map((key) => key.publicId),
    [publicId],
    'nothing of the call was kept',
  );
  assert.equal(codeOf(await bring(keep, [{ publicId, stored }])), 'ok', 'the same secrets are no fault');
});

test('an import that was broken off is replaced by the next one', async () => {
  await using keep = await startWithUsers();
  await bring(keep, [{ publicId, stored: { ...stored, key: Buffer.alloc(16, 9) } }], one);
  const next = await bring(keep, [{ publicId, stored, state }], other);
  assert.ok(next.kind === 'ok' && next.value.added === 1);
  await complete(keep, other);
  assert.equal(await verify(keep, 6, 0), 'ok');
});

test('keys go out with everything that came in, and each stands on record', async () => {
  await using keep = await startWithUsers();
  await bring(keep, [
    { publicId, stored, state },
    { publicId: '', state },
  ]);
  await complete(keep);
  const exported = await keep.admin.call(yubiotp.exportKey, { publicId });
  assert.ok(exported.kind === 'ok');
  const { privateId, key, storage } = exported.value;
  const [lockCode, ...own] = [storage?.lockCode ?? [], privateId, key].map((bytes) => Buffer.from(bytes));
  assert.deepEqual({ ...storage, lockCode, privateId: own[0], key: own[1] }, stored);
  const states = await keep.admin.call(yubiotp.listStates, { limit: 10 });
  assert.ok(states.kind === 'ok');
  const found = states.value.keys.toSorted((a, b) => a.publicId.length - b.publicId.length);
  assert.deepEqual(found, [
    { publicId: '', ...state, hasSecrets: false },
    { publicId, ...state, hasSecrets: true },
  ]);
  assert.equal(codeOf(await keep.admin.call(yubiotp.exportKey, { publicId: '' })), 'not-found');
});

test('the storage opens a code as often as it is asked, counts nothing, and shows the bit of caps lock', async () => {
  await using keep = await startWithUsers();
  await bring(keep, [{ publicId, stored }]);
  await complete(keep);
  const otp = typeCode(publicId, secrets, { counter: 0x8013, use: 0x11, timestamp: 0x0fc230 });
  for (let times = 0; times < 2; times++) {
    const opened = await decrypt(keep, otp);
    assert.ok(opened.kind === 'ok');
    assert.deepEqual(opened.value, { counter: 0x8013, use: 0x11, timestamp: 0x0fc230 });
  }
  assert.equal(codeOf(await decrypt(keep, `${publicId}${'c'.repeat(32)}`)), 'wrong-code');
  assert.equal(codeOf(await decrypt(keep, typeCode('vvcccccccccd', secrets, { counter: 1, use: 0 }))), 'not-found');
  assert.equal(codeOf(await decrypt(keep, otp.toUpperCase())), 'invalid-input');
  assert.equal(await verify(keep, 1, 0), 'ok');
});

test('clients are taken over with their ids, and none that is there is replaced', async () => {
  await using keep = await startWithUsers();
  const client = {
    ...{ id: 17, active: true, createdAtUnixMs: 1_000, secret: Buffer.alloc(20, 7) },
    ...{ email: 'ops@example.org', notes: '', otp: '' },
  };
  const brought = await keep.admin.call(yubiotp.bringClients, { clients: [client] });
  assert.ok(brought.kind === 'ok');
  assert.deepEqual(brought.value, { added: 1, kept: [] });
  const again = await keep.admin.call(yubiotp.bringClients, {
    clients: [
      { ...client, secret: Buffer.alloc(20, 8) },
      { ...client, id: 18 },
    ],
  });
  assert.ok(again.kind === 'ok');
  assert.deepEqual(again.value, { added: 1, kept: [17] });
  const exported = await keep.admin.call(yubiotp.exportClient, { id: 17 });
  assert.ok(exported.kind === 'ok');
  assert.deepEqual({ ...exported.value, secret: Buffer.from(exported.value.secret) }, client);
  const added = await keep.admin.call(yubiotp.addClient, { email: '', notes: '' });
  assert.ok(added.kind === 'ok' && added.value.id === 19, 'a new one gets the next id');
});

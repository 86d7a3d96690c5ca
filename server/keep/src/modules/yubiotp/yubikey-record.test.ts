import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeWhole, users, yubiotp } from '@chatelaine/contract';
import { codeOf, restored, startWithUsers } from '../../otp/testing/start-with-users.ts';
import type { StartedKeep } from '../../testing/start-keep.ts';
import { typeCode } from './testing/type-code.ts';

const publicId = 'vvcccccccccb';
const secrets = { privateId: Buffer.from('8792ebfe26cc', 'hex'), key: Buffer.alloc(16, 5) };
const nonce = 'kakakakakakakakakakakaka';

/** Writes a record as it is written in docs/formats/otp.md. */
const putRaw = async ({ keep }: StartedKeep, path: string, record: object): Promise<void> => {
  const tx = keep.kernel.open?.vault.begin();
  assert.ok(tx);
  tx.put('yubiotp', path, encodeWhole(record));
  assert.equal((await tx.commit()).kind, 'committed');
};

const validate = async (started: StartedKeep, id: string, counter: number, use = 0): Promise<string | undefined> => {
  const parameters = Object.entries({ id: '1', nonce, otp: typeCode(id, secrets, { counter, use }) });
  const pairs = parameters.map(([name, value]) => ({ name, value }));
  const asked = await started.gate.call(yubiotp.validate, { version: '2', parameters: pairs });
  return asked.kind === 'ok' ? asked.value.fields.at(-1)?.value : asked.code;
};

test('a key of format 1 opens, counts on from where it was, and is written in format 2', async () => {
  await using started = await startWithUsers();
  const { admin } = started;
  const secret = { kind: 'given', ...secrets } as const;
  await admin.call(yubiotp.enroll, { user: 'ada', publicId, secret });
  const ada = await admin.call(users.list, { limit: 10 });
  const since = ada.kind === 'ok' ? ada.value.users.find(({ name }) => name === 'ada')?.createdAtUnixMs : undefined;
  await putRaw(started, `keys/${publicId}`, {
    ...{ format: 1, user: 'ada', since, key: `yubiotp-${publicId}`, privateId: secrets.privateId, confirmed: true },
    ...{ counter: 5, use: 3, timestamp: 7, createdAtUnixMs: 1, lastUsedAtUnixMs: 2, epoch: 0 },
  });
  await admin.call(yubiotp.addClient, { email: '', notes: '' });
  const listed = await admin.call(yubiotp.list, { user: 'ada', limit: 1 });
  assert.deepEqual(listed.kind === 'ok' && listed.value.keys, [
    { user: 'ada', publicId, state: 'active', counter: 5, use: 3, createdAtUnixMs: 1, lastUsedAtUnixMs: 2 },
  ]);
  assert.equal(await validate(started, publicId, 5, 3), 'REPLAYED_OTP');
  assert.equal(await validate(started, publicId, 5, 4), 'OK');
  assert.equal(await validate(started, publicId, 5, 4), 'REPLAYED_REQUEST', 'it has a nonce by now');
});

test('a key that is nobody’s is validated with secrets of its own; one that is switched off or known by its counters alone is not', async () => {
  await using started = await startWithUsers();
  const { admin } = started;
  await admin.call(yubiotp.addClient, { email: '', notes: '' });
  const counters = { confirmed: true, counter: 5, use: 3, timestamp: 7, nonce, epoch: 0 };
  const common = { format: 2, active: true, ...counters, createdAtUnixMs: 1, modifiedAtUnixMs: 2, notes: 'spare' };
  const ksm = { serialNumber: 4711, created: '', lockCode: Buffer.alloc(6), creator: '', active: true, hardware: true };
  const own = { aesKey: secrets.key, privateId: secrets.privateId, ksm };
  await putRaw(started, 'keys/cccccccccccb', { ...common, ...own });
  await putRaw(started, 'keys/-', { ...common, ...own });
  await putRaw(started, 'keys/ccccccccccbb', { ...common, ...own, active: false });
  await putRaw(started, 'keys/ccccccccccbc', { ...common, privateId: secrets.privateId });
  await putRaw(started, 'keys/ccccccccccbd', { ...common, ...own, confirmed: false });
  assert.equal(await validate(started, 'cccccccccccb', 5, 3), 'REPLAYED_REQUEST');
  assert.equal(await validate(started, 'cccccccccccb', 5, 4), 'OK');
  assert.equal(await validate(started, 'cccccccccccb', 5, 4), 'REPLAYED_REQUEST');
  assert.equal(await validate(started, '', 5, 4), 'OK');
  for (const id of ['ccccccccccbb', 'ccccccccccbc', 'ccccccccccbd']) {
    assert.equal(await validate(started, id, 6), 'BAD_OTP', id);
  }
  const verified = await admin.call(yubiotp.verify, { otp: typeCode('cccccccccccb', secrets, { counter: 6, use: 0 }) });
  assert.deepEqual(verified.kind === 'ok' && verified.value.user, undefined);
  const ofAda = { otp: typeCode('cccccccccccb', secrets, { counter: 7, use: 0 }), user: 'ada' };
  assert.equal(codeOf(await admin.call(yubiotp.verify, ofAda)), 'wrong-code');
  const listed = await admin.call(yubiotp.list, { limit: 10 });
  const states = listed.kind === 'ok' ? listed.value.keys.map(({ publicId: id, state }) => `${id} ${state}`) : [];
  assert.deepEqual(states.toSorted(), [
    ...[' active', 'ccccccccccbb disabled', 'ccccccccccbc active', 'ccccccccccbd unconfirmed', 'cccccccccccb active'],
  ]);
  const secret = { kind: 'given', ...secrets } as const;
  const taken = await admin.call(yubiotp.enroll, { user: 'ada', publicId: 'cccccccccccb', secret });
  assert.equal(codeOf(taken), 'already-exists');
});

test('a key is switched off and on again with its counters, and one that is nobody’s is looked after without a user', async () => {
  const first = await startWithUsers();
  const { admin } = first;
  await admin.call(yubiotp.addClient, { email: '', notes: '' });
  const own = { aesKey: secrets.key, privateId: secrets.privateId };
  const counters = { confirmed: true, counter: 5, use: 3, epoch: 0, createdAtUnixMs: 1, modifiedAtUnixMs: 2 };
  await putRaw(first, 'keys/cccccccccccb', { format: 2, active: true, ...counters, ...own });
  const named = { publicId: 'cccccccccccb' };
  assert.equal(codeOf(await admin.call(yubiotp.disable, { ...named, user: 'ada' })), 'not-found', 'it is not Ada’s');
  const disabled = await admin.call(yubiotp.disable, named);
  assert.deepEqual(disabled, { kind: 'ok', value: { changed: true } });
  assert.deepEqual(await admin.call(yubiotp.disable, named), { kind: 'ok', value: { changed: false } });
  assert.equal(await validate(first, 'cccccccccccb', 6), 'BAD_OTP');
  assert.equal(codeOf(await admin.call(yubiotp.enable, named)), 'ok');
  assert.equal(await validate(first, 'cccccccccccb', 5, 3), 'REPLAYED_OTP');
  assert.equal(await validate(first, 'cccccccccccb', 6), 'OK');
  await using second = await restored(first, 60_000);
  assert.equal(await validate(second, 'cccccccccccb', 7), 'BAD_OTP', 'restored');
  const otp = typeCode('cccccccccccb', secrets, { counter: 8, use: 0 });
  assert.equal(codeOf(await second.admin.call(yubiotp.resync, { ...named, otp })), 'ok');
  assert.equal(await validate(second, 'cccccccccccb', 9), 'OK');
  assert.equal(codeOf(await second.admin.call(yubiotp.remove, named)), 'ok');
  assert.equal(codeOf(await second.admin.call(yubiotp.remove, named)), 'not-found');
});

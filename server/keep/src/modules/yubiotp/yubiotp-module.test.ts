import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InputOf, users, yubiotp } from '@chatelaine/contract';
import { codeOf, restored, startWithUsers } from '../../otp/testing/start-with-users.ts';
import type { StartedKeep } from '../../testing/start-keep.ts';
import { typeCode } from './testing/type-code.ts';

const publicId = 'vvcccccccccb';
const secrets = { privateId: Buffer.from('8792ebfe26cc', 'hex'), key: Buffer.alloc(16, 5) };

/** What a key with these secrets types. */
const typed = (counter: number, use: number, given = secrets, id = publicId): string =>
  typeCode(id, given, { counter, use });

const verify = async (
  started: StartedKeep,
  otp: string,
  change: Partial<InputOf<typeof yubiotp.verify>> = {},
): Promise<string> => codeOf(await started.admin.call(yubiotp.verify, { otp, ...change }));

const enroll = async (started: StartedKeep, user: string, id = publicId): Promise<string> =>
  codeOf(await started.admin.call(yubiotp.enroll, { user, publicId: id, secret: { kind: 'given', ...secrets } }));

const start = async (): Promise<StartedKeep> => {
  const started = await startWithUsers();
  assert.equal(await enroll(started, 'ada'), 'ok');
  assert.equal(await verify(started, typed(1, 0)), 'wrong-code', 'not confirmed');
  const confirmed = await started.admin.call(yubiotp.confirm, { user: 'ada', publicId, otp: typed(1, 0) });
  assert.equal(codeOf(confirmed), 'ok');
  return started;
};

test('a code counts once, and none made before it any more', async () => {
  await using started = await start();
  assert.equal(await verify(started, typed(1, 0)), 'replayed', 'spent by the confirmation');
  const verified = await started.admin.call(yubiotp.verify, { otp: typed(3, 7), user: 'ada' });
  assert.deepEqual(verified, { kind: 'ok', value: { user: 'ada', publicId, counter: 3, use: 7, timestamp: 0 } });
  for (const [counter, use] of [
    [3, 7],
    [3, 6],
    [2, 200],
    [0x8003, 7],
  ] as const) {
    assert.equal(await verify(started, typed(counter, use)), 'replayed');
  }
  assert.equal(await verify(started, typed(0x8003, 8)), 'ok', 'caps lock on');
  assert.equal(await verify(started, typed(4, 0)), 'ok', 'and it does not bar the key');
});

test('a code of somebody else’s key is refused and not spent', async () => {
  await using started = await start();
  assert.equal(await verify(started, typed(2, 0), { user: 'bob' }), 'wrong-code');
  assert.equal(await verify(started, typed(2, 0), { user: 'nobody' }), 'wrong-code');
  assert.equal(await verify(started, typed(2, 0), { user: 'ada' }), 'ok');
});

test('whatever is wrong, the same is answered', async () => {
  await using started = await start();
  for (const otp of [
    typed(2, 0, { ...secrets, key: Buffer.alloc(16, 6) }),
    typed(2, 0, { ...secrets, privateId: Buffer.alloc(6) }),
    typed(2, 0, secrets, 'vvccccccccdd'),
    typed(2, 0, secrets, ''),
    'not a code',
    '',
  ]) {
    assert.deepEqual(await started.admin.call(yubiotp.verify, { otp }), { kind: 'refused', code: 'wrong-code' });
  }
});

test('a key is one person’s: it cannot be given to another one, goes with its user, and is free again then', async () => {
  await using started = await start();
  assert.equal(await enroll(started, 'bob'), 'already-exists');
  assert.equal(await enroll(started, 'ada'), 'already-exists');
  await started.admin.call(users.disable, { name: 'ada' });
  assert.equal(await verify(started, typed(2, 0)), 'wrong-code');
  await started.admin.call(users.enable, { name: 'ada' });
  assert.equal(await verify(started, typed(2, 0)), 'ok');
  await started.admin.call(users.remove, { name: 'ada' });
  assert.equal(await verify(started, typed(3, 0)), 'wrong-code');
  assert.equal(await enroll(started, 'bob'), 'ok');
  const listed = await started.admin.call(yubiotp.list, { user: 'bob', limit: 1 });
  assert.equal(listed.kind === 'ok' && listed.value.keys[0]?.state, 'unconfirmed');
  assert.equal(codeOf(await started.admin.call(yubiotp.remove, { user: 'bob', publicId })), 'ok');
  assert.equal(codeOf(await started.admin.call(yubiotp.remove, { user: 'bob', publicId })), 'not-found');
});

test('new secrets leave once, and open what the key makes with them', async () => {
  await using started = await startWithUsers();
  const enrolled = await started.admin.call(yubiotp.enroll, { user: 'ada', publicId, secret: { kind: 'new' } });
  assert.ok(enrolled.kind === 'ok' && enrolled.value.made);
  const made = { privateId: Buffer.from(enrolled.value.made.privateId), key: Buffer.from(enrolled.value.made.key) };
  const otp = typed(0, 0, made);
  assert.equal(codeOf(await started.admin.call(yubiotp.confirm, { user: 'ada', publicId, otp })), 'ok');
  assert.equal(await verify(started, typed(0, 1, made)), 'ok');
});

test('of 64 requests with one code exactly one is accepted, in every round, also across a restart', async () => {
  let started = await start();
  for (let counter = 2; counter < 22; counter++) {
    const answers = await Promise.all(Array.from({ length: 64 }, () => verify(started, typed(counter, 0))));
    assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
    if (counter % 10 !== 0) continue;
    started = await started.restart(0);
    await started.unseal();
    assert.equal(await verify(started, typed(counter, 0)), 'replayed');
  }
  await started[Symbol.asyncDispose]();
});

test('after a restore a key waits for a person, who lets it count from a new code on', async () => {
  const first = await start();
  await using started = await restored(first, 60_000);
  assert.equal(await verify(started, typed(2, 0)), 'wrong-code', 'nobody knows whether it was used');
  const resync = async (otp: string) =>
    codeOf(await started.admin.call(yubiotp.resync, { user: 'ada', publicId, otp }));
  assert.equal(await resync(typed(1, 0)), 'replayed');
  assert.equal(await resync(typed(5, 0)), 'ok');
  assert.equal(await verify(started, typed(5, 0)), 'replayed');
  assert.equal(await verify(started, typed(5, 1)), 'ok');
});

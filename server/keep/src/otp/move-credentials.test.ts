import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aes, audit, hotp, type InputOf, totp, users } from '@chatelaine/contract';
import type { StartedKeep } from '../testing/start-keep.ts';
import { oneTimeCode } from './one-time-code.ts';
import { codeOf, hotpEnrolment, SEED, startWithUsers, totpEnrolment } from './testing/start-with-users.ts';

const STEP_MS = 30_000;
const form = { digits: 6, algorithm: 'sha1' } as const;
const importId = '0123456789abcdef0123456789abcdef';
const seedOf = (user: string): Buffer => Buffer.concat([SEED, Buffer.from(user)]);

const byCounter = (user: string): InputOf<typeof hotp.bring>['credentials'][number] => ({
  ...{ user, credential: 'token', seed: seedOf(user), ...form, lookAhead: 10, counter: 5 },
});
const byTime = (user: string): InputOf<typeof totp.bring>['credentials'][number] => ({
  ...{ user, credential: 'phone', seed: seedOf(user), ...form, periodSeconds: 30, window: 1 },
});

const verifyHotp = async ({ admin }: StartedKeep, user: string, counter: number): Promise<string> =>
  codeOf(await admin.call(hotp.verify, { user, code: oneTimeCode(seedOf(user), counter, form).toString() }));
const verifyTotp = async ({ admin, clock }: StartedKeep, user: string): Promise<string> => {
  const step = Math.floor(clock.nowUnixMs() / STEP_MS);
  return codeOf(await admin.call(totp.verify, { user, code: oneTimeCode(seedOf(user), step, form).toString() }));
};
const statesOf = async ({ admin }: StartedKeep, user: string): Promise<readonly string[]> => {
  const listed = await admin.call(hotp.list, { user, limit: 1 });
  return listed.kind === 'ok' ? listed.value.credentials.map(({ state }) => state) : [];
};

test('nothing of an import counts before all of it is there, also when the keep was killed in between', async () => {
  let started = await startWithUsers();
  assert.equal(
    codeOf(await started.admin.call(hotp.bring, { import: importId, credentials: [byCounter('ada')] })),
    'ok',
  );
  started = await started.restart(0);
  await started.unseal();
  assert.equal(codeOf(await started.admin.call(totp.bring, { import: importId, credentials: [byTime('bob')] })), 'ok');
  assert.equal(await verifyHotp(started, 'ada', 5), 'wrong-code');
  assert.equal(await verifyTotp(started, 'bob'), 'wrong-code');
  assert.deepEqual(await statesOf(started, 'ada'), ['unconfirmed']);
  assert.equal(codeOf(await started.admin.call(aes.completeImport, { import: importId })), 'ok');
  assert.deepEqual(await statesOf(started, 'ada'), ['active']);
  assert.equal(await verifyHotp(started, 'ada', 4), 'wrong-code', 'used elsewhere');
  assert.equal(await verifyHotp(started, 'ada', 5), 'ok');
  assert.equal(await verifyHotp(started, 'ada', 5), 'wrong-code');
  assert.equal(await verifyTotp(started, 'bob'), 'ok');
  assert.equal(await verifyTotp(started, 'bob'), 'wrong-code');
  await started[Symbol.asyncDispose]();
});

test('what an import left behind can be taken up again or enrolled over; what counts cannot', async () => {
  await using started = await startWithUsers();
  const { admin } = started;
  const bring = async (id: string, ...credentials: InputOf<typeof hotp.bring>['credentials']): Promise<string> =>
    codeOf(await admin.call(hotp.bring, { import: id, credentials }));
  assert.equal(await bring(importId, byCounter('ada'), byCounter('bob')), 'ok');
  const other = importId.replace('0', 'f');
  assert.equal(await bring(other, byCounter('ada')), 'ok', 'again');
  const enrolment = { ...hotpEnrolment, credential: 'token' };
  assert.equal(codeOf(await admin.call(hotp.enroll, { user: 'bob', ...enrolment })), 'ok', 'enrolled over');
  assert.equal(codeOf(await admin.call(aes.completeImport, { import: other })), 'ok');
  assert.equal(await verifyHotp(started, 'ada', 5), 'ok');
  assert.equal(await bring(importId, byCounter('ada')), 'already-exists');
  assert.equal(codeOf(await admin.call(hotp.enroll, { user: 'ada', ...enrolment })), 'already-exists');
  assert.equal(codeOf(await admin.call(aes.completeImport, { import: importId })), 'ok');
  assert.equal(await verifyHotp(started, 'bob', 5), 'wrong-code', 'what replaced it was not confirmed');
});

test('a piece is taken up whole or not at all, and what is wrong is named', async () => {
  await using started = await startWithUsers();
  const { admin } = started;
  const bring = (...credentials: InputOf<typeof hotp.bring>['credentials']) =>
    admin.call(hotp.bring, { import: importId, credentials });
  const nobody = await bring(byCounter('ada'), byCounter('nobody'));
  assert.deepEqual(nobody, {
    ...{ kind: 'refused', code: 'invalid-input', field: 'credentials.1.user', message: 'is not there' },
  });
  const twice = await bring(byCounter('ada'), byCounter('ada'));
  assert.equal(twice.kind === 'refused' && twice.field, 'credentials.1.credential');
  assert.deepEqual(await statesOf(started, 'ada'), [], 'nothing was changed');
  const many = Array.from({ length: 8 }, (_, at) => ({ ...byCounter('ada'), credential: `token-${at}` }));
  assert.equal(codeOf(await bring(...many)), 'ok', 'as many as one piece may have');
  assert.equal(codeOf(await bring(byCounter('ada'))), 'too-large');
});

test('a seed goes out with what its device counts with, only of what counts, each on record, and only with a grant of its own', async () => {
  await using started = await startWithUsers();
  const { admin } = started;
  await admin.call(hotp.bring, { import: importId, credentials: [byCounter('ada')] });
  const token = { user: 'ada', credential: 'token' };
  assert.equal(codeOf(await admin.call(hotp.exportSeed, token)), 'not-found', 'it does not count yet');
  await admin.call(aes.completeImport, { import: importId });
  assert.equal(await verifyHotp(started, 'ada', 6), 'ok');
  const exported = await admin.call(hotp.exportSeed, token);
  assert.ok(exported.kind === 'ok');
  const { seed, ...rest } = exported.value;
  assert.ok(Buffer.from(seed).equals(seedOf('ada')));
  assert.deepEqual(rest, { ...form, counter: 7, lookAhead: 10 });
  await admin.call(totp.enroll, { user: 'ada', ...totpEnrolment });
  assert.equal(codeOf(await admin.call(totp.exportSeed, { user: 'ada', credential: 'default' })), 'not-found');
  await admin.call(users.disable, { name: 'ada' });
  assert.equal(codeOf(await admin.call(hotp.exportSeed, token)), 'not-found', 'of somebody who is kept out');
  assert.equal(codeOf(await started.gate.call(hotp.exportSeed, token)), 'denied', 'a gate may never');
  const records = await admin.call(audit.list, { limit: 20 });
  assert.match(JSON.stringify(records), /"hotp.export"[^}]*ada\/token/);
});

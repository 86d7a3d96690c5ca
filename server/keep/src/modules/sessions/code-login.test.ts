// Logins with a one-time code, besides another proof or alone. Each attack that must fail is a test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, type InputOf, recovery, sessions, totp, users } from '@chatelaine/contract';
import { oneTimeCode } from '../../otp/one-time-code.ts';
import { codeOf, SEED, startWithUsers, totpEnrolment } from '../../otp/testing/start-with-users.ts';
import { TRIES } from '../../otp/try-budget.ts';
import { type StartedKeep, startKeep } from '../../testing/start-keep.ts';

const HOUR_MS = 3_600_000;
const STEP_MS = 30_000;
const passPhrase = Buffer.from('correct horse battery staple');

/** The code of ada's phone now; every call is a step later, so that each code is a new one. */
const nextCode = ({ clock }: StartedKeep): string => {
  clock.advance(2 * STEP_MS);
  return oneTimeCode(SEED, Math.floor(clock.nowUnixMs() / STEP_MS), totpEnrolment).toString();
};

const start = async (codeAtLogin: users.CodeAtLogin): Promise<StartedKeep> => {
  const started = await startWithUsers('sessions');
  const { admin } = started;
  await admin.call(users.setPassPhrase, { name: 'ada', passPhrase });
  await admin.call(totp.enroll, { user: 'ada', ...totpEnrolment });
  await admin.call(totp.confirm, { user: 'ada', credential: 'default', codes: [nextCode(started)] });
  assert.equal(codeOf(await admin.call(users.setCodeAtLogin, { name: 'ada', codeAtLogin })), 'ok');
  return started;
};

type LoginProof = InputOf<typeof sessions.login>['proof'];

const login = async (started: StartedKeep, proof: LoginProof, user = 'ada'): Promise<string> =>
  codeOf(await started.gate.call(sessions.login, { user, proof, lifeMs: HOUR_MS }));

const byPassPhrase = (code?: string, text: Uint8Array = passPhrase): LoginProof => ({
  ...{ kind: 'pass-phrase', passPhrase: text },
  ...(code !== undefined && { code }),
});
const byCode = (code: string): LoginProof => ({ kind: 'one-time-code', code });
const wrong = Buffer.from('wrong horse battery staple');

/** Whether the code is still good for something. */
const isUnspent = async (started: StartedKeep, code: string): Promise<boolean> =>
  codeOf(await started.admin.call(totp.verify, { user: 'ada', code })) === 'ok';

test('who needs a code is let in with pass phrase and code only; whatever is wrong or missing, the same is answered', async () => {
  await using started = await start('required');
  const code = nextCode(started);
  assert.equal(await login(started, byPassPhrase()), 'unauthenticated', 'no code');
  assert.equal(await login(started, byPassPhrase('000000')), 'unauthenticated', 'a wrong code');
  assert.equal(await login(started, byPassPhrase(code, wrong)), 'unauthenticated', 'a wrong pass phrase');
  assert.equal(await login(started, byPassPhrase(code), 'bob'), 'unauthenticated', "somebody else's");
  assert.equal(await login(started, byCode(code)), 'unauthenticated', 'a code alone');
  assert.equal(await login(started, byPassPhrase(code)), 'ok', 'none of these spent it');
  const listed = await started.admin.call(sessions.list, { limit: 10 });
  const [session] = listed.kind === 'ok' ? listed.value.sessions : [];
  assert.deepEqual([session?.by, session?.code], ['pass-phrase', 'totp/default']);
});

test('a code logs in once, also of 16 logins at the same moment and across a restart', async () => {
  await using first = await start('enough');
  const code = nextCode(first);
  const answers = await Promise.all(Array.from({ length: 16 }, () => login(first, byCode(code))));
  assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
  assert.equal(answers.filter((answer) => answer === 'unauthenticated').length, 15);
  await using started = await first.restart(0);
  await started.unseal();
  assert.equal(await login(started, byCode(code)), 'unauthenticated');
  assert.equal(await login(started, byPassPhrase(code)), 'unauthenticated', 'nor is it good beside a pass phrase');
});

test('a code alone is enough for whom it was said of, and for nobody else', async () => {
  await using started = await start('enough');
  assert.equal(await login(started, byCode(nextCode(started))), 'ok');
  assert.equal(await login(started, byPassPhrase()), 'ok', 'the pass phrase goes on being enough as well');
  const code = nextCode(started);
  for (const user of ['bob', 'nobody']) assert.equal(await login(started, byCode(code), user), 'unauthenticated', user);
  await started.admin.call(users.setCodeAtLogin, { name: 'ada', codeAtLogin: 'optional' });
  assert.equal(await login(started, byCode(code)), 'unauthenticated');
  assert.equal(await login(started, byPassPhrase('000000')), 'unauthenticated', 'one that is given has to be right');
  assert.equal(await login(started, byPassPhrase(code)), 'ok');
});

test('a recovery code stands in for the device, once', async () => {
  await using started = await start('required');
  const made = await started.admin.call(recovery.make, { user: 'ada' });
  const [first] = made.kind === 'ok' ? made.value.codes : [];
  const code = Buffer.from(first ?? []).toString();
  assert.equal(await login(started, byPassPhrase(code, wrong)), 'unauthenticated');
  assert.equal(await login(started, byPassPhrase(code)), 'ok');
  assert.equal(await login(started, byPassPhrase(code)), 'unauthenticated');
});

test('a user who is kept out is not let in by a code, and it is not spent', async () => {
  await using started = await start('enough');
  await started.admin.call(users.disable, { name: 'ada' });
  const code = nextCode(started);
  assert.equal(await login(started, byCode(code)), 'unauthenticated');
  assert.equal(await login(started, byPassPhrase(code)), 'unauthenticated');
  await started.admin.call(users.enable, { name: 'ada' });
  assert.ok(await isUnspent(started, code));
});

test('guessing codes is slowed down; with a wrong pass phrase nobody uses up the tries of the user', async () => {
  await using started = await start('required');
  for (let tries = 0; tries < 5; tries++) await login(started, byPassPhrase('000000', wrong));
  const tried = await started.admin.call(totp.list, { user: 'ada', limit: 1 });
  assert.equal(tried.kind === 'ok' && tried.value.credentials[0]?.triesLeft, TRIES);
  await started.admin.call(users.setCodeAtLogin, { name: 'ada', codeAtLogin: 'enough' });
  for (let tries = 0; tries < TRIES; tries++) assert.equal(await login(started, byCode('000000')), 'unauthenticated');
  assert.equal(await login(started, byCode(nextCode(started))), 'unauthenticated');
  await started.admin.call(totp.allowTries, { user: 'ada' });
  assert.equal(await login(started, byCode(nextCode(started))), 'ok');
});

test('that a code was given is on record, the code is not', async () => {
  await using started = await start('required');
  const code = nextCode(started);
  assert.equal(await login(started, byPassPhrase(code)), 'ok');
  const read = await started.admin.call(audit.list, { limit: 100 });
  const records = read.kind === 'ok' ? read.value.records : [];
  const record = records.find(({ operation }) => operation === 'sessions.login');
  assert.equal(record?.facts.find(({ name }) => name === 'one-time-code-made-by')?.value, 'totp/default');
  assert.ok(!JSON.stringify(records).includes(code));
});

test('where no module knows codes, who needs one cannot log in', async () => {
  await using started = await startKeep({ modules: ['users', 'sessions'] });
  await started.unseal();
  await started.admin.call(users.add, { name: 'ada', fullName: '', groups: [] });
  await started.admin.call(users.setPassPhrase, { name: 'ada', passPhrase });
  assert.equal(await login(started, byPassPhrase()), 'ok');
  await started.admin.call(users.setCodeAtLogin, { name: 'ada', codeAtLogin: 'required' });
  for (const code of [undefined, '000000']) assert.equal(await login(started, byPassPhrase(code)), 'unauthenticated');
});

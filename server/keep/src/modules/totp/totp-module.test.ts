import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, type InputOf, totp } from '@chatelaine/contract';
import { oneTimeCode } from '../../otp/one-time-code.ts';
import { codeOf, restored, SEED, startWithUsers, totpEnrolment } from '../../otp/testing/start-with-users.ts';
import { TRIES } from '../../otp/try-budget.ts';
import type { StartedKeep } from '../../testing/start-keep.ts';

const STEP_MS = 30_000;
const ada = { user: 'ada', credential: 'default' };

/** The code that a device shows whose clock is ahead by so many steps. */
const shown = ({ clock }: StartedKeep, ahead = 0): string =>
  oneTimeCode(SEED, Math.floor(clock.nowUnixMs() / STEP_MS) + ahead, totpEnrolment).toString();

const verify = async (
  started: StartedKeep,
  code: string,
  change: Partial<InputOf<typeof totp.verify>> = {},
): Promise<string> => codeOf(await started.admin.call(totp.verify, { user: 'ada', code, ...change }));

/** A keep where ada has a credential that counts, and no code of it was given for a while. */
const start = async (): Promise<StartedKeep> => {
  const started = await startWithUsers();
  assert.equal(codeOf(await started.admin.call(totp.enroll, { user: 'ada', ...totpEnrolment })), 'ok');
  assert.equal(codeOf(await started.admin.call(totp.confirm, { ...ada, codes: [shown(started)] })), 'ok');
  started.clock.advance(10 * STEP_MS);
  return started;
};

test('a code counts once it was confirmed, once, and none before it any more', async () => {
  await using started = await startWithUsers();
  await started.admin.call(totp.enroll, { user: 'ada', ...totpEnrolment });
  assert.equal(await verify(started, shown(started)), 'wrong-code', 'not confirmed');
  assert.equal(codeOf(await started.admin.call(totp.confirm, { ...ada, codes: ['000000'] })), 'wrong-code');
  assert.equal(codeOf(await started.admin.call(totp.confirm, { ...ada, codes: [shown(started)] })), 'ok');
  assert.equal(codeOf(await started.admin.call(totp.confirm, { ...ada, codes: [shown(started, 1)] })), 'not-found');
  assert.equal(await verify(started, shown(started)), 'wrong-code', 'it was spent by the confirmation');
  started.clock.advance(2 * STEP_MS);
  const early = shown(started, -1);
  assert.equal(await verify(started, shown(started)), 'ok');
  assert.equal(await verify(started, shown(started)), 'wrong-code', 'again in its step');
  assert.equal(await verify(started, early), 'wrong-code', 'one before it');
});

test('a code is good a step early and a step late, not more', async () => {
  for (const [ahead, right] of [
    [-2, false],
    [-1, true],
    [1, true],
    [2, false],
  ] as const) {
    await using started = await start();
    assert.equal(await verify(started, shown(started, ahead)), right ? 'ok' : 'wrong-code', String(ahead));
  }
});

test('a used code stays used when the keep starts again', async () => {
  const first = await start();
  const code = shown(first);
  assert.equal(await verify(first, code), 'ok');
  await using second = await first.restart(0);
  await second.unseal();
  assert.equal(await verify(second, code), 'wrong-code');
  second.clock.advance(STEP_MS);
  assert.equal(await verify(second, shown(second)), 'ok');
});

test('a clock that runs away is followed, a step with every code', async () => {
  await using started = await start();
  for (let ahead = 1; ahead <= 6; ahead++) {
    assert.equal(await verify(started, shown(started, ahead)), 'ok', `${ahead} ahead`);
    started.clock.advance(10 * STEP_MS);
  }
  assert.equal(
    await verify(started, shown(started, 3)),
    'wrong-code',
    'neither where it was last nor where it should be',
  );
  assert.equal(await verify(started, shown(started, 0)), 'ok', 'somebody set it right');
});

test('a device that went astray is found by two consecutive codes, and only by them', async () => {
  await using started = await start();
  const resync = async (...codes: string[]) => codeOf(await started.admin.call(totp.resync, { ...ada, codes }));
  assert.equal(await verify(started, shown(started, 40)), 'wrong-code');
  assert.equal(await resync(shown(started, 40), shown(started, 42)), 'wrong-code');
  assert.equal(await resync(shown(started, 200), shown(started, 201)), 'wrong-code', 'too far');
  assert.equal(await resync(shown(started, 40), shown(started, 41)), 'ok');
  assert.equal(await resync(shown(started, 40), shown(started, 41)), 'wrong-code', 'spent');
  assert.equal(await verify(started, shown(started, 41)), 'wrong-code', 'spent');
  assert.equal(await verify(started, shown(started, 42)), 'ok');
});

test('whatever is wrong, the same is answered', async () => {
  await using started = await start();
  await started.admin.call(totp.enroll, { user: 'bob', ...totpEnrolment });
  for (const input of [
    { user: 'nobody', code: shown(started) },
    { user: 'bob', code: shown(started) },
    { user: 'ada', code: shown(started), credential: 'other' },
    { user: 'ada', code: '000000' },
    { user: 'ada', code: 'not a code' },
  ]) {
    const answer = await started.admin.call(totp.verify, input);
    assert.deepEqual(answer, { kind: 'refused', code: 'wrong-code' });
  }
});

test('many wrong codes make it slow, not for good; a known place is not held up by strangers', async () => {
  await using started = await start();
  const home = { source: { address: '192.0.2.7' } };
  const abroad = { source: { address: '198.51.100.9' } };
  assert.equal(await verify(started, shown(started), home), 'ok');
  started.clock.advance(STEP_MS);
  for (let tried = 0; tried < 3 * TRIES; tried++) assert.equal(await verify(started, '000000', abroad), 'wrong-code');
  assert.equal(await verify(started, shown(started), abroad), 'wrong-code', 'a right one from there');
  const listed = await started.admin.call(totp.list, { user: 'ada', limit: 1 });
  assert.equal(listed.kind === 'ok' && listed.value.credentials[0]?.triesLeft, 0);
  assert.equal(await verify(started, shown(started), home), 'ok');
  started.clock.advance(600_001);
  assert.equal(await verify(started, shown(started), abroad), 'ok', 'after some minutes');
  started.clock.advance(STEP_MS);
  for (let tried = 0; tried < TRIES; tried++) await verify(started, '000000', { source: { address: '203.0.113.1' } });
  assert.equal(codeOf(await started.admin.call(totp.allowTries, { user: 'ada' })), 'ok');
  assert.equal(await verify(started, shown(started), { source: { address: '203.0.113.1' } }), 'ok', 'a person helped');
});

test('a code that was sent twice is no wrong one', async () => {
  await using started = await start();
  for (let round = 0; round < 3; round++) {
    started.clock.advance(STEP_MS);
    const answers = [];
    for (let tried = 0; tried < TRIES; tried++) answers.push(await verify(started, shown(started)));
    assert.deepEqual(answers.filter((code) => code === 'ok').length, 1);
  }
});

test('of 64 requests with one code exactly one is accepted, in every round', async () => {
  await using started = await start();
  for (let round = 0; round < 20; round++) {
    started.clock.advance(STEP_MS);
    const code = shown(started);
    const answers = await Promise.all(Array.from({ length: 64 }, () => verify(started, code)));
    assert.deepEqual(answers.filter((answer) => answer === 'ok').length, 1);
    assert.deepEqual(new Set(answers), new Set(['ok', 'wrong-code']));
  }
});

test('after a restore every code until then is spent', async () => {
  const first = await start();
  await using started = await restored(first, 20 * STEP_MS);
  for (const ahead of [-1, 0, 1]) assert.equal(await verify(started, shown(started, ahead)), 'wrong-code');
  const current = shown(started);
  started.clock.advance(2 * STEP_MS);
  assert.equal(await verify(started, current), 'wrong-code');
  assert.equal(await verify(started, shown(started)), 'ok');
});

test('a seed leaves once, no code while the clock is behind, and the audit names credential and counter of each verdict', async () => {
  const first = await startWithUsers();
  const secret = { kind: 'new', sizeBytes: 32 } as const;
  const enrolled = await first.admin.call(totp.enroll, { user: 'ada', ...totpEnrolment, secret, algorithm: 'sha256' });
  assert.ok(enrolled.kind === 'ok' && enrolled.value.seed?.length === 32);
  const { seed } = enrolled.value;
  const step = () => Math.floor(first.clock.nowUnixMs() / STEP_MS);
  const code = () => oneTimeCode(seed, step(), { digits: 6, algorithm: 'sha256' }).toString();
  assert.equal(codeOf(await first.admin.call(totp.confirm, { ...ada, codes: [code()] })), 'ok');
  first.clock.advance(STEP_MS);
  assert.equal(await verify(first, code()), 'ok');
  const records = await first.admin.call(audit.list, { limit: 5 });
  assert.ok(records.kind === 'ok');
  assert.match(JSON.stringify(records.value), new RegExp(`totp.verify.*ada/default.*"counter".*${step()}`));
  assert.doesNotMatch(JSON.stringify(records.value), new RegExp(code()));
  await using behind = await first.restart(-3_600_000);
  await behind.unseal();
  assert.equal(await verify(behind, code()), 'clock-behind');
  assert.equal(await verify(behind, code(), { user: 'nobody' }), 'clock-behind');
});

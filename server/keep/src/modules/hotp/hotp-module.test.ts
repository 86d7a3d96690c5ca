import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp } from '@chatelaine/contract';
import { oneTimeCode } from '../../otp/one-time-code.ts';
import { codeOf, hotpEnrolment, restored, SEED, startWithUsers } from '../../otp/testing/start-with-users.ts';
import type { StartedKeep } from '../../testing/start-keep.ts';

const ada = { user: 'ada', credential: 'default' };
const code = (counter: number): string => oneTimeCode(SEED, counter, hotpEnrolment).toString();

const verify = async (started: StartedKeep, counter: number): Promise<string> =>
  codeOf(await started.admin.call(hotp.verify, { user: 'ada', code: code(counter) }));
const resync = async (started: StartedKeep, ...counters: number[]): Promise<string> =>
  codeOf(await started.admin.call(hotp.resync, { ...ada, codes: counters.map(code) }));

/** A keep where ada has a credential that counts; the codes of the counters 0 and 1 are spent. */
const start = async (): Promise<StartedKeep> => {
  const started = await startWithUsers();
  assert.equal(codeOf(await started.admin.call(hotp.enroll, { user: 'ada', ...hotpEnrolment })), 'ok');
  assert.equal(codeOf(await started.admin.call(hotp.confirm, { ...ada, codes: [code(0)] })), 'invalid-input', 'one');
  assert.equal(codeOf(await started.admin.call(hotp.confirm, { ...ada, codes: [code(0), code(1)] })), 'ok');
  return started;
};

test('a code counts once, within the look-ahead, and spends those before it', async () => {
  await using started = await start();
  assert.equal(await verify(started, 1), 'wrong-code', 'spent by the confirmation');
  assert.equal(await verify(started, 2), 'ok');
  assert.equal(await verify(started, 2), 'wrong-code');
  assert.equal(await verify(started, 3 + 11), 'wrong-code', 'too far ahead');
  assert.equal(await verify(started, 3 + 10), 'ok');
  assert.equal(await verify(started, 12), 'wrong-code', 'skipped');
  assert.equal(await verify(started, 14), 'ok');
});

test('a device that went astray is found by consecutive codes that are not spent', async () => {
  await using started = await start();
  assert.equal(await resync(started, 0, 1), 'wrong-code', 'spent');
  assert.equal(await resync(started, 1, 2), 'wrong-code', 'one spent');
  assert.equal(await resync(started, 500, 502), 'wrong-code');
  assert.equal(await resync(started, 1_100, 1_101), 'wrong-code', 'too far');
  assert.equal(await resync(started, 500, 501), 'ok');
  assert.equal(await verify(started, 501), 'wrong-code');
  assert.equal(await verify(started, 502), 'ok');
});

test('two consecutive codes far ahead are accepted without a person, a single one or two others are not', async () => {
  await using started = await start();
  assert.equal(await verify(started, 500), 'wrong-code');
  assert.equal(await verify(started, 502), 'wrong-code', 'not the next');
  assert.equal(await verify(started, 503), 'ok', 'the next one');
  assert.equal(await verify(started, 503), 'wrong-code', 'again');
  assert.equal(await verify(started, 502), 'wrong-code', 'the first of the two is spent with it');
  assert.equal(await verify(started, 504), 'ok');
  assert.equal(await verify(started, 600), 'wrong-code');
  assert.equal(codeOf(await started.admin.call(hotp.verify, { user: 'ada', code: '000000' })), 'wrong-code');
  assert.equal(await verify(started, 601), 'wrong-code', 'another code came between');
  assert.equal(await verify(started, 602), 'ok');
  assert.equal(await verify(started, 700), 'wrong-code');
  started.clock.advance(300_001);
  assert.equal(await verify(started, 701), 'wrong-code', 'too long after');
  assert.equal(await verify(started, 603 + 1_001), 'wrong-code');
  assert.equal(await verify(started, 603 + 1_002), 'wrong-code', 'too far ahead');
});

test('of 64 requests with the second of two codes far ahead exactly one is accepted', async () => {
  await using started = await start();
  for (let counter = 100; counter < 1_000; counter += 100) {
    assert.equal(await verify(started, counter), 'wrong-code');
    const answers = await Promise.all(Array.from({ length: 64 }, () => verify(started, counter + 1)));
    assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
    await started.admin.call(hotp.allowTries, { user: 'ada' });
  }
});

test('of 64 requests with one code exactly one is accepted, in every round, also across a restart', async () => {
  let started = await start();
  for (let counter = 2; counter < 22; counter++) {
    const answers = await Promise.all(Array.from({ length: 64 }, () => verify(started, counter)));
    assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
    if (counter % 10 !== 0) continue;
    started = await started.restart(0);
    await started.unseal();
    assert.equal(await verify(started, counter), 'wrong-code');
  }
  await started[Symbol.asyncDispose]();
});

test('after a restore a credential waits until its device has shown where it is', async () => {
  const first = await start();
  await using started = await restored(first, 60_000);
  assert.equal(await verify(started, 2), 'wrong-code', 'nobody knows whether it was used');
  const listed = await started.admin.call(hotp.list, { user: 'ada', limit: 1 });
  assert.equal(listed.kind === 'ok' && listed.value.credentials[0]?.state, 'waits');
  assert.equal(await resync(started, 0, 1), 'wrong-code', 'spent before');
  assert.equal(await resync(started, 4, 5), 'ok');
  assert.equal(await verify(started, 5), 'wrong-code');
  assert.equal(await verify(started, 6), 'ok');
});

test('each of several credentials counts by itself; a seed goes with its credential', async () => {
  await using started = await start();
  const { admin } = started;
  const other = { ...hotpEnrolment, credential: 'other', counter: 100, digits: 8, algorithm: 'sha512' } as const;
  assert.equal(codeOf(await admin.call(hotp.enroll, { user: 'ada', ...other })), 'ok');
  const otherCode = (counter: number) => oneTimeCode(SEED, counter, other).toString();
  const confirmed = await admin.call(hotp.confirm, {
    ...ada,
    credential: 'other',
    codes: [otherCode(100), otherCode(101)],
  });
  assert.equal(codeOf(confirmed), 'ok');
  const verified = await admin.call(hotp.verify, { user: 'ADA', code: otherCode(102) });
  assert.deepEqual(verified, { kind: 'ok', value: { credential: 'other' } });
  assert.equal(await verify(started, 2), 'ok');
  assert.equal(codeOf(await admin.call(hotp.enroll, { user: 'ada', ...other })), 'already-exists');
  assert.equal(codeOf(await admin.call(hotp.remove, { ...ada, credential: 'other' })), 'ok');
  assert.equal(codeOf(await admin.call(hotp.verify, { user: 'ada', code: otherCode(103) })), 'wrong-code');
  assert.equal(codeOf(await admin.call(hotp.enroll, { user: 'ada', ...other })), 'ok', 'its name and key are free');
});

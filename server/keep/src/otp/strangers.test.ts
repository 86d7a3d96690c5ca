// Ten thousand wrong codes for one user from thousands of places: the strangers get nowhere, and the user is never locked out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp, totp } from '@chatelaine/contract';
import type { StartedKeep } from '../testing/start-keep.ts';
import { oneTimeCode } from './one-time-code.ts';
import { codeOf, hotpEnrolment, SEED, startWithUsers, totpEnrolment } from './testing/start-with-users.ts';

const STEP_MS = 30_000;
const WRONG_CODES = 10_000;
const PLACES = 4_000;
const AT_ONCE = 64;
const ada = { user: 'ada', credential: 'default' };
const placeOf = (number: number) => ({ address: `10.${number >> 8}.${number & 0xff}.1` });
const home = { address: '192.0.2.7' };
const abroad = { address: '198.51.100.9' };

const stepOf = ({ clock }: StartedKeep): number => Math.floor(clock.nowUnixMs() / STEP_MS);
const codeAt = (number: number): string => oneTimeCode(SEED, number, totpEnrolment).toString();

/** A code that is none of those that might be right. */
const wrongCode = (right: readonly number[]): string => {
  const codes = new Set(right.map(codeAt));
  for (let code = 0; ; code++) {
    const text = String(code).padStart(6, '0');
    if (!codes.has(text)) return text;
  }
};

const guess = async (started: StartedKeep, module: typeof totp | typeof hotp, code: string): Promise<number> => {
  let accepted = 0;
  for (let sent = 0; sent < WRONG_CODES; sent += AT_ONCE) {
    const answers = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, WRONG_CODES - sent) }, (_, at) =>
        started.admin.call(module.verify, { user: 'ada', code, source: placeOf((sent + at) % PLACES) }),
      ),
    );
    accepted += answers.filter(({ kind }) => kind === 'ok').length;
  }
  return accepted;
};

test('by time: none of them is accepted; the user gets in from home at once, and from anywhere by two codes in a row', async () => {
  await using started = await startWithUsers();
  const { admin, clock } = started;
  const verify = async (source: { address: string }): Promise<string> =>
    codeOf(await admin.call(totp.verify, { user: 'ada', code: codeAt(stepOf(started)), source }));
  await admin.call(totp.enroll, { user: 'ada', ...totpEnrolment });
  assert.equal(codeOf(await admin.call(totp.confirm, { ...ada, codes: [codeAt(stepOf(started))] })), 'ok');
  clock.advance(STEP_MS);
  assert.equal(await verify(home), 'ok');
  clock.advance(2 * STEP_MS);
  const now = stepOf(started);
  assert.equal(await guess(started, totp, wrongCode([now - 1, now, now + 1])), 0);
  assert.equal(await verify(home), 'ok', 'a known place');
  clock.advance(STEP_MS);
  assert.equal(await verify(abroad), 'wrong-code', 'a new place, too many were wrong');
  const wrong = { user: 'ada', code: wrongCode([stepOf(started)]), source: abroad };
  assert.equal(codeOf(await admin.call(totp.verify, wrong)), 'wrong-code');
  clock.advance(STEP_MS);
  assert.equal(await verify(abroad), 'wrong-code', 'a wrong one came between');
  assert.equal(await verify(abroad), 'wrong-code', 'the same code twice is no row');
  clock.advance(STEP_MS);
  assert.equal(await verify(abroad), 'ok', 'two right ones in a row');
  clock.advance(STEP_MS);
  assert.equal(await verify(abroad), 'ok', 'it is a known place now');
});

test('by counter: none of them is accepted, nothing is spent, and after a rest there are tries again', async () => {
  await using started = await startWithUsers();
  const { admin, clock } = started;
  await admin.call(hotp.enroll, { user: 'ada', ...hotpEnrolment });
  assert.equal(codeOf(await admin.call(hotp.confirm, { ...ada, codes: [codeAt(0), codeAt(1)] })), 'ok');
  const all = Array.from({ length: 1_010 }, (_, counter) => counter);
  assert.equal(await guess(started, hotp, wrongCode(all)), 0);
  const listed = await admin.call(hotp.list, { user: 'ada', limit: 1 });
  assert.ok(listed.kind === 'ok');
  assert.equal(listed.value.credentials[0]?.counter, 2);
  assert.equal(listed.value.credentials[0]?.triesLeft, 0);
  const verify = async (counter: number): Promise<string> =>
    codeOf(await admin.call(hotp.verify, { user: 'ada', code: codeAt(counter), source: abroad }));
  assert.equal(await verify(2), 'wrong-code');
  clock.advance(600_001);
  assert.equal(await verify(2), 'ok', 'the first was not spent');
});

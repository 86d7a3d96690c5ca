// One code, sent 64 times at once, 500 times over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp, totp } from '@chatelaine/contract';
import { oneTimeCode } from './one-time-code.ts';
import { codeOf, hotpEnrolment, SEED, startWithUsers, totpEnrolment } from './testing/start-with-users.ts';

const ROUNDS = 500;
const AT_ONCE = 64;
const STEP_MS = 30_000;
const ada = { user: 'ada', credential: 'default' };

for (const [name, module] of [
  ['time', totp],
  ['counter', hotp],
] as const) {
  test(`of ${AT_ONCE} requests with one code by ${name} exactly one is accepted, in ${ROUNDS} of ${ROUNDS} rounds`, async () => {
    await using started = await startWithUsers();
    const { admin, clock } = started;
    let counter = 0;
    const next = (): string => {
      clock.advance(STEP_MS);
      const number = module === totp ? Math.floor(clock.nowUnixMs() / STEP_MS) : counter++;
      return oneTimeCode(SEED, number, hotpEnrolment).toString();
    };
    await admin.call(totp.enroll, { user: 'ada', ...totpEnrolment });
    await admin.call(hotp.enroll, { user: 'ada', ...hotpEnrolment });
    const codes = module === totp ? [next()] : [next(), next()];
    assert.equal(codeOf(await admin.call(module.confirm, { ...ada, codes })), 'ok');
    for (let round = 0; round < ROUNDS; round++) {
      const code = next();
      const sent = Array.from({ length: AT_ONCE }, () => admin.call(module.verify, { user: 'ada', code }));
      const accepted = (await Promise.all(sent)).filter(({ kind }) => kind === 'ok');
      assert.equal(accepted.length, 1, `round ${round}`);
    }
  });
}

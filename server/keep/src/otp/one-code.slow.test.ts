// One code, sent 64 times at once, 500 times over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp, totp, yubiotp } from '@chatelaine/contract';
import { typeCode } from '../modules/yubiotp/testing/type-code.ts';
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

test(`of ${AT_ONCE} requests with one code of a YubiKey, half of them in the validation protocol, exactly one is accepted, in ${ROUNDS} of ${ROUNDS} rounds`, async () => {
  await using started = await startWithUsers();
  const { admin, gate } = started;
  const secrets = { privateId: Buffer.alloc(6, 1), key: Buffer.alloc(16, 2) };
  const publicId = 'vvcccccccccb';
  const press = (counter: number): string => typeCode(publicId, secrets, { counter, use: 0 });
  await admin.call(yubiotp.enroll, { user: 'ada', publicId, secret: { kind: 'given', ...secrets } });
  assert.equal(codeOf(await admin.call(yubiotp.confirm, { user: 'ada', publicId, otp: press(0) })), 'ok');
  await admin.call(yubiotp.addClient, { email: '', notes: '' });
  const verify = async (otp: string): Promise<boolean> =>
    (await admin.call(yubiotp.verify, { otp, user: 'ada' })).kind === 'ok';
  const validate = async (otp: string, nonce: string): Promise<boolean> => {
    const parameters = Object.entries({ id: '1', otp, nonce }).map(([name, value]) => ({ name, value }));
    const verdict = await gate.call(yubiotp.validate, { version: '2', parameters });
    return verdict.kind === 'ok' && verdict.value.fields.at(-1)?.value === 'OK';
  };
  for (let round = 0; round < ROUNDS; round++) {
    const otp = press(round + 1);
    const sent = Array.from({ length: AT_ONCE }, (_, at) =>
      at % 2 === 0 ? verify(otp) : validate(otp, `k${at}`.padEnd(16, 'a')),
    );
    const accepted = (await Promise.all(sent)).filter(Boolean);
    assert.equal(accepted.length, 1, `round ${round}`);
  }
});

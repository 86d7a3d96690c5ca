// kill -9 of the keep, and now and then of the gate, while codes of YubiKeys are verified over HTTP. Each code is sent twice at once,
// and again until it is decided: none is OK twice, and one that was OK is never forgotten.
//
// CHATELAINE_KILLS says how often; scripts/test --long validation-kills asks for 500.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, users, yubiotp } from '@chatelaine/contract';
import { typeCode, type YubikeySecrets } from '../../server/keep/src/modules/yubiotp/testing/type-code.ts';
import { startDevInstance } from '../support/dev-instance.ts';
import { connectAs } from '../support/instance-link.ts';
import { killUnderLoad, startForKills } from '../support/kills-under-load.ts';
import { recordedCodes } from '../support/recorded-codes.ts';
import { Scratch } from '../support/scratch.ts';

const KILLS = Number(process.env['CHATELAINE_KILLS'] ?? 6);
const PAUSE_MS = 10;
const publicIds = ['vvcccccccccb', 'vvccccccccbb', 'vvcccccccbbb'] as const;

interface Pressed {
  readonly otp: string;
  /** How often it was answered OK. */
  oks: number;
}

const enroll = async (admin: Client, publicId: string, secrets: YubikeySecrets): Promise<void> => {
  const user = `user-${publicId}`;
  const otp = typeCode(publicId, secrets, { counter: 0, use: 0 });
  for (const made of [
    await admin.call(users.add, { name: user, fullName: '', groups: [] }),
    await admin.call(yubiotp.enroll, { user, publicId, secret: { kind: 'given', ...secrets } }),
    await admin.call(yubiotp.confirm, { user, publicId, otp }),
  ]) {
    assert.equal(made.kind, 'ok', JSON.stringify(made));
  }
};

test(`${KILLS} kills under verification load: no code is OK twice, none that was OK is forgotten`, {
  timeout: 3_600_000,
}, async (t) => {
  await using scratch = new Scratch();
  const { dir, stop } = await startDevInstance(scratch);
  assert.equal(await stop(), 0);
  const { house, port } = await startForKills(scratch, dir);
  const admin = await connectAs(scratch, dir, 'admin');
  const client = await admin.call(yubiotp.addClient, { email: '', notes: '' });
  assert.equal(client.kind, 'ok');

  /** The status; empty if nobody could say. */
  const ask = async (otp: string, nonce: string): Promise<string> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/wsapi/2.0/verify?id=1&nonce=${nonce}&otp=${otp}`);
      const status = /^status=(\w+)\r$/m.exec(await answer.text())?.[1] ?? '';
      return status === 'BACKEND_ERROR' ? '' : status;
    } catch {
      return '';
    }
  };
  const untilDecided = async (pressed: Pressed): Promise<void> => {
    const nonce = randomBytes(16).toString('hex');
    for (;;) {
      const status = await ask(pressed.otp, nonce);
      if (status === 'OK') pressed.oks++;
      else if (status !== '') assert.match(status, /^REPLAYED_/, 'it is right, and either new or used');
      if (status !== '') return;
      await pause(PAUSE_MS);
    }
  };

  let isOver = false;
  scratch.atEnd(() => {
    isOver = true;
  });
  const pressed: Pressed[] = [];
  const verifyOn = async (publicId: string): Promise<void> => {
    const secrets = { privateId: randomBytes(6), key: randomBytes(16) };
    await enroll(admin, publicId, secrets);
    for (let presses = 256; !isOver; presses++) {
      const code = { otp: typeCode(publicId, secrets, { counter: presses >> 8, use: presses & 255 }), oks: 0 };
      pressed.push(code);
      await Promise.all([untilDecided(code), untilDecided(code)]);
      assert.ok(code.oks <= 1, 'OK twice');
    }
  };
  const load = Promise.all(publicIds.map(verifyOn));
  await killUnderLoad(t, house, KILLS, load);
  isOver = true;
  await load;

  for (const { otp, oks } of pressed) {
    const status = await ask(otp, randomBytes(16).toString('hex'));
    assert.equal(status, 'REPLAYED_OTP', `a code that was OK ${oks} times`);
  }
  const recorded = await recordedCodes(admin, 'yubiotp.validate');
  assert.equal(new Set(recorded).size, recorded.length, 'each code once on record');
  const oks = pressed.reduce((sum, code) => sum + code.oks, 0);
  assert.ok(oks > 0 && recorded.length >= oks, `${recorded.length} on record, ${oks} answered`);
  t.diagnostic(`${KILLS} kills: ${pressed.length} codes, ${oks} answered OK, none twice, none forgotten`);
});

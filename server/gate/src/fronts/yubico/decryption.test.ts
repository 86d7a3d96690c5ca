import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, refuse } from '@chatelaine/contract';
import { type StartedFront, startFront } from '../http/testing/start-front.ts';
import { yubicoFront } from './yubico-front.ts';

const OTP = 'idkfefrdhtrutjduvtcjbfeuvhehdvjjlbchtlenfgku';

const start = async (allowed: readonly string[]): Promise<StartedFront> =>
  await startFront({ decrypt_for: allowed }, [await yubicoFront.load()]);

test('a code is opened in the one line of the key storage module, from query and form', async () => {
  await using front = await start(['127.0.0.1']);
  front.answer(() => ok({ counter: 0x8001, use: 0, timestamp: 0x0f8d40 }));
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const asked of [
    await front.ask(`/wsapi/decrypt?otp=${OTP}`, { token: null }),
    await front.ask(`/wsapi/decrypt/?otp=${OTP}`, { token: null }),
    await front.ask('/wsapi/decrypt', { method: 'POST', headers: form, body: `otp=${OTP}`, token: null }),
  ]) {
    assert.equal(asked.status, 200);
    assert.equal(asked.headers['content-type'], 'text/plain');
    assert.equal(asked.body.toString(), 'OK counter=8001 low=8d40 high=0f use=00\n');
  }
  assert.deepEqual(front.seen.at(-1)?.input, { otp: OTP, source: { address: '127.0.0.1' } });
});

test('what is wrong is told in the words of the key storage module', async () => {
  await using front = await start(['127.0.0.1']);
  const said = async (path: string): Promise<string> => (await front.ask(path, { token: null })).body.toString();
  assert.equal(await said('/wsapi/decrypt'), 'ERR No OTP provided\n');
  assert.equal(await said('/wsapi/decrypt?otp='), 'ERR No OTP provided\n');
  assert.deepEqual(front.seen, []);
  for (const [code, words] of [
    ['invalid-input', 'Invalid OTP format'],
    ['not-found', 'Unknown yubikey'],
    ['wrong-code', 'Corrupt OTP'],
    ['unavailable', 'Database error'],
  ] as const) {
    front.answer(() => refuse(code));
    assert.equal(await said(`/wsapi/decrypt?otp=${OTP}`), `ERR ${words}\n`);
  }
});

test('nobody is answered whose address the settings do not name', async () => {
  for (const allowed of [[], ['192.0.2.1']]) {
    await using front = await start(allowed);
    assert.equal((await front.ask(`/wsapi/decrypt?otp=${OTP}`, { token: null })).status, 403);
    assert.deepEqual(front.seen, []);
  }
});

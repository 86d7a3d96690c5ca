import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { machines } from '@chatelaine/contract';
import { nonceOf, type StartedKeep, settings, startKeep } from '../../testing/start-keep.ts';

const MINUTE_MS = 60_000;

const makeKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { heartbeatKey: raw.toString('base64'), privateKey };
};

const start = async (key: ReturnType<typeof makeKey>): Promise<StartedKeep> => {
  const started = await startKeep();
  await started.unseal();
  const beating = { ...settings, checker: '@heartbeat', timeoutMs: 5 * MINUTE_MS, heartbeatKey: key.heartbeatKey };
  await started.enroll('web1', { settings: beating });
  await started.enroll('web2', { settings: beating });
  return started;
};

const beat = async (
  started: StartedKeep,
  key: ReturnType<typeof makeKey>,
  change: { readonly name?: string; readonly nonce?: Uint8Array; readonly signedName?: string } = {},
): Promise<string> => {
  const { name = 'web1', nonce = await nonceOf(started.gate), signedName = name } = change;
  const signature = sign(null, machines.heartbeatStatement(signedName, nonce), key.privateKey);
  const answer = await started.gate.call(machines.heartbeat, { name, nonce, signature });
  return answer.kind === 'ok' ? 'ok' : answer.code;
};

const expiresIn = async (started: StartedKeep): Promise<number> => {
  const shown = await started.admin.call(machines.show, { name: 'web1' });
  assert.equal(shown.kind, 'ok');
  return shown.kind === 'ok' ? (shown.value.expiresAtUnixMs ?? 0) - started.clock.nowUnixMs() : 0;
};

test('a machine that signs what the keep asks is alive, from the moment it was asked', async () => {
  const key = makeKey();
  await using started = await start(key);
  started.clock.advance(4 * MINUTE_MS);
  const nonce = await nonceOf(started.gate);
  started.clock.advance(20_000);
  assert.equal(await beat(started, key, { nonce }), 'ok');
  assert.equal(await expiresIn(started), 5 * MINUTE_MS - 20_000);
});

test('a gate that makes a heartbeat up, replays one or keeps one back gains nothing', async () => {
  const key = makeKey();
  await using started = await start(key);
  const nonce = await nonceOf(started.gate);
  assert.equal(await beat(started, makeKey(), { nonce }), 'bad-proof', 'another key');
  assert.equal(await beat(started, key, { nonce, signedName: 'web2' }), 'bad-proof', 'signed for another machine');
  assert.equal(await beat(started, key, { nonce: Buffer.alloc(32, 1) }), 'stale', 'a nonce nobody gave out');
  assert.equal(await beat(started, key, { nonce }), 'ok');
  assert.equal(await beat(started, key, { nonce }), 'replayed');
  assert.equal(await beat(started, key, { nonce, name: 'web2' }), 'ok', 'another machine may answer the same question');
  started.clock.advance(31_000);
  assert.equal(await beat(started, key, { nonce }), 'stale', 'kept back for too long');
});

test('a heartbeat of a machine that is unknown, or has no such key, is a bad proof like any other', async () => {
  const key = makeKey();
  await using started = await start(key);
  await started.enroll('plain');
  assert.equal(await beat(started, key, { name: 'nobody' }), 'bad-proof');
  assert.equal(await beat(started, key, { name: 'plain' }), 'bad-proof');
});

test('a heartbeat that comes too late does not revive a machine', async () => {
  const key = makeKey();
  await using started = await start(key);
  started.clock.advance(5 * MINUTE_MS);
  assert.equal(await beat(started, key), 'ok');
  const shown = await started.admin.call(machines.show, { name: 'web1' });
  assert.equal(shown.kind === 'ok' && shown.value.state, 'expired');
});

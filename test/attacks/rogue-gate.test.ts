// The gate is the part that faces the network, so we give it up for lost: whoever holds it has its link key, knows every
// machine's key id, and has recorded old handshakes. Without a machine that takes part now, it gets nothing.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { allOperations, type Client, machines, sessions, system, tokens, yubiotp } from '@chatelaine/contract';
import { clientRandomOf, type HandshakeProof } from '@chatelaine/rawtls';
import { type KeyPair, makeKeyPair, shakeHands, withKey } from '@chatelaine/rawtls/testing';
import { startDevInstance } from '../support/dev-instance.ts';
import { connectAs, linkAs } from '../support/instance-link.ts';
import { Scratch } from '../support/scratch.ts';

const MACHINES = 5;
const source = { address: '127.0.0.1', port: 1 };
const root = path.join(import.meta.dirname, '..', '..');

/** The keep alone, as a rogue that took the gate's place finds it. */
const startKeepAlone = async (scratch: Scratch, dir: string): Promise<void> => {
  const args = ['--config', path.join(dir, 'chatelaine.toml'), '--ready-fd', '3'];
  const keep = spawn(path.join(root, 'bin', 'chatelaine-keep'), args, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  scratch.atEnd(async () => {
    const ended = once(keep, 'exit');
    if (keep.exitCode === null && keep.kill('SIGTERM')) await ended;
  });
  const ready = keep.stdio[3];
  assert.ok(ready !== null && ready !== undefined);
  await once(ready, 'data');
};

const nonceOf = async (gate: Client): Promise<Uint8Array> => {
  const nonces = await gate.stream(system.nonce, {});
  assert.ok(Symbol.asyncIterator in nonces);
  for await (const { nonce } of nonces) return nonce;
  throw new Error('no nonce');
};

/** What a machine that connects now would give to whoever is the gate. */
const handshakeOf = (pair: KeyPair, nonce: Uint8Array): Promise<HandshakeProof> =>
  withKey(pair, async (key) => {
    const gateRandom = randomBytes(32);
    const made = await shakeHands({ key, client: { clientRandom: clientRandomOf(nonce, gateRandom) } });
    made.client.destroy();
    made.server.destroy();
    return { messages: made.proof.messages, nonce, gateRandom };
  });

const withMessage = (proof: HandshakeProof, index: number, from: HandshakeProof): HandshakeProof => ({
  ...proof,
  messages: proof.messages.map((message, at) => (at === index ? (from.messages[index] ?? message) : message)),
});

test('a rogue gate that knows every key id and old handshakes obtains no secret', { timeout: 120_000 }, async () => {
  await using scratch = new Scratch();
  const instance = await startDevInstance(scratch);
  const { dir } = instance;
  const pairs = Array.from({ length: MACHINES }, () => makeKeyPair());
  const admin = await connectAs(scratch, dir, 'admin');
  const settings = {
    host: '',
    checker: '',
    timeoutMs: 300_000,
    extendedTimeoutMs: 900_000,
    intervalMs: 120_000,
    approvalDelayMs: 0,
    approvalDurationMs: 1_000,
    approvedByDefault: true,
  };
  const enrolled = await admin.call(machines.enroll, {
    machines: pairs.map(({ keyId }, index) => ({
      name: `victim${index}`,
      keyId,
      secret: Buffer.from(`blob ${index}`),
      enabled: true,
      settings,
    })),
    replace: false,
  });
  assert.equal(enrolled.kind, 'ok');
  const firstGate = await connectAs(scratch, dir, 'gate');
  const oldNonce = await nonceOf(firstGate);
  const recorded = await Promise.all(pairs.map((pair) => handshakeOf(pair, oldNonce)));
  assert.equal(await instance.stop(), 0);

  await startKeepAlone(scratch, dir);
  const gate = await connectAs(scratch, dir, 'gate');
  const nonce = await nonceOf(gate);
  const obtained: string[] = [];
  const refusals = new Map<string, number>();
  const ask = async (proof: HandshakeProof): Promise<void> => {
    const answer = await gate.call(machines.fetch, { proof: { ...proof, messages: [...proof.messages] }, source });
    if (answer.kind === 'ok') obtained.push(Buffer.from(answer.value.secret).toString());
    else refusals.set(answer.code, (refusals.get(answer.code) ?? 0) + 1);
  };
  const own = makeKeyPair();
  for (const [index, old] of recorded.entries()) {
    const fresh = await handshakeOf(own, nonce);
    // As it was recorded; with today's nonce; with a random that would fit neither.
    await ask(old);
    await ask({ ...old, nonce });
    await ask({ ...old, nonce, gateRandom: randomBytes(32) });
    // Today's handshake with a key of its own: honest, with the victim's certificate, its signature, or both.
    await ask(fresh);
    await ask(withMessage(await handshakeOf(own, nonce), 3, old));
    await ask(withMessage(await handshakeOf(own, nonce), 4, old));
    await ask(withMessage(withMessage(await handshakeOf(own, nonce), 3, old), 4, old));
    // The victim's whole handshake behind today's ClientHello.
    await ask({ ...fresh, messages: [fresh.messages[0] ?? Buffer.alloc(0), ...old.messages.slice(1)] });
    // A nonce of its own making.
    await ask(await handshakeOf(pairs[index] ?? own, randomBytes(32)));
  }
  assert.deepEqual(obtained, []);
  assert.deepEqual([...refusals.keys()].sort(), ['bad-proof', 'not-found', 'stale']);

  // The control: a machine that takes part now is served, once.
  const live = await handshakeOf(pairs[0] ?? own, nonce);
  await ask(live);
  assert.deepEqual(obtained, ['blob 0']);
  await ask(live);
  assert.deepEqual(obtained, ['blob 0'], 'a handshake counts once');
  assert.equal(refusals.get('replayed'), 1);
});

/** Also by a keep that has not loaded the module. */
const isTurnedAway = (answer: object): boolean =>
  'code' in answer && (answer.code === 'denied' || answer.code === 'unknown-operation');

test('a rogue gate can ask for nothing else', { timeout: 60_000 }, async () => {
  await using scratch = new Scratch();
  const { dir } = await startDevInstance(scratch);
  const link = await linkAs(scratch, dir, 'gate');
  const allowed = [
    machines.fetch,
    machines.heartbeat,
    system.metrics,
    system.nonce,
    system.relay,
    system.relayed,
    system.status,
    // Before anybody is known: what it brings has to be proved to the keep by whoever logs in.
    machines.challenge,
    machines.login,
    sessions.challenge,
    sessions.login,
    // It spends nothing, and tells counters of a code that is shown, never a key.
    yubiotp.decrypt,
    // Its answer is signed by the keep with the key of the client that asked.
    yubiotp.validate,
  ].map(({ name }): string => name);
  /** What a gate may pass on but was not granted: refused once it is whole. */
  const whole: Readonly<Record<string, object>> = {
    'hotp.verify': { user: 'anna', code: '123456' },
    'recovery.verify': { user: 'anna', code: '123456' },
    'totp.verify': { user: 'anna', code: '123456' },
    'yubiotp.verify': { otp: 'c'.repeat(44) },
  };
  let denied = 0;
  for (const operation of allOperations) {
    if (allowed.includes(operation.name)) continue;
    const input = whole[operation.name] ?? {};
    const answer =
      operation.kind === 'stream'
        ? await link.stream(operation.name, input, {})
        : await link.call(operation.name, input, {});
    assert.ok(isTurnedAway(answer), operation.name);
    denied++;
  }
  assert.equal(denied, allOperations.length - allowed.length);
});

test('a rogue gate with a token that passed through it asks only what that token may, until it is revoked', {
  timeout: 60_000,
}, async () => {
  await using scratch = new Scratch();
  const { dir, run } = await startDevInstance(scratch);
  const admin = await connectAs(scratch, dir, 'admin');
  const link = await linkAs(scratch, dir, 'gate');
  const credential = Buffer.from((await run(['token', 'create', 'ci', '--grant', '*:mail/**'])).trim());
  const ask = async (operation: string, input: object, token: Uint8Array = credential): Promise<string> => {
    const answer = await link.call(operation, input, { credential: token, source: '192.0.2.7' });
    return answer.kind === 'ok' ? 'ok' : answer.code;
  };
  assert.equal(await ask(machines.show.name, { name: 'mail/web1' }), 'not-found', 'the control: this it may');
  assert.equal(await ask(machines.show.name, { name: 'other/web1' }), 'denied');
  assert.equal(await ask(machines.disable.name, { name: 'mailbox/web1' }), 'denied');
  for (const operation of allOperations.filter(({ http }) => http === undefined)) {
    const options = { credential, source: '192.0.2.7' };
    const answer =
      operation.kind === 'stream'
        ? await link.stream(operation.name, {}, options)
        : await link.call(operation.name, {}, options);
    assert.ok(isTurnedAway(answer), operation.name);
  }
  // What it may ask in its own name, it may not ask more of with somebody's token.
  assert.equal(await ask(system.metrics.name, {}), 'denied');
  for (const wrong of [Buffer.alloc(0), randomBytes(47), credential.subarray(1), Buffer.from(`${credential}=`)]) {
    assert.equal(await ask(machines.show.name, { name: 'mail/web1' }, wrong), 'unauthenticated');
  }
  const revoked = await admin.call(tokens.revoke, { name: 'ci' });
  assert.equal(revoked.kind, 'ok');
  assert.equal(await ask(machines.show.name, { name: 'mail/web1' }), 'unauthenticated');
  const again = await admin.call(tokens.create, { name: 'ci', expiresInMs: null, groups: [], grants: [] });
  assert.equal(again.kind, 'ok');
  assert.equal(await ask(machines.show.name, { name: 'mail/web1' }), 'unauthenticated', 'not by its name either');
});

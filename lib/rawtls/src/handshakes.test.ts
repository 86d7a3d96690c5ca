import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAST_PRIORITY } from './credentials.ts';
import { verifyHandshakeProof } from './proof.ts';
import { type HandshakeOptions, keyTypes, makeKeyPair, shakeHands, withKey } from './shake-hands.ts';

/** Shakes hands, and checks that the proof of it names the key. */
const assertProves = async (
  about: string,
  pair: ReturnType<typeof makeKeyPair>,
  options: Omit<HandshakeOptions, 'key'>,
) =>
  await withKey(pair, async (key) => {
    const { client, server, proof } = await shakeHands({ key, ...options });
    const verdict = verifyHandshakeProof(proof);
    assert.equal(verdict.kind === 'ok' && verdict.keyId, pair.keyId, about);
    client.destroy();
    server.destroy();
    return proof;
  });

const pair = makeKeyPair();

test('a handshake with every type of key proves it', async () => {
  for (const type of keyTypes) await assertProves(type, makeKeyPair(type), {});
});

test('a handshake with every cipher suite proves the key', async () => {
  for (const suite of ['AES-256-GCM', 'CHACHA20-POLY1305', 'AES-128-GCM', 'AES-128-CCM']) {
    await assertProves(suite, pair, { serverPriority: `:-CIPHER-ALL:+${suite}` });
  }
});

test('a handshake in every group proves the key, and those without a key share need a retry', async () => {
  const withShare = ['SECP256R1'];
  const without = ['X25519', 'SECP384R1', 'SECP521R1', 'X448', 'FFDHE2048', 'FFDHE3072'];
  for (const group of [...withShare, ...without]) {
    for (const suite of ['AES-256-GCM', 'AES-128-GCM']) {
      const serverPriority = `:-GROUP-ALL:+GROUP-${group}:-CIPHER-ALL:+${suite}`;
      const proof = await assertProves(`${group} ${suite}`, pair, { serverPriority });
      assert.equal(proof.messages.length, without.includes(group) ? 7 : 5, group);
    }
  }
});

test('the fast priority offers the same groups, and its first choice needs no retry', async () => {
  const groups = ['X25519', 'SECP256R1', 'SECP384R1', 'SECP521R1', 'X448', 'FFDHE2048'];
  for (const group of groups) {
    const serverPriority = `:-GROUP-ALL:+GROUP-${group}`;
    const proof = await assertProves(group, pair, { serverPriority, client: { priority: FAST_PRIORITY } });
    assert.equal(proof.messages.length, group === 'X25519' ? 5 : 7, group);
  }
  const proof = await assertProves('default server', pair, { client: { priority: FAST_PRIORITY } });
  assert.equal(proof.messages.length, 5);
});

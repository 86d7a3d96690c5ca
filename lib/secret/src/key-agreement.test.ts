import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { AGREEMENT_BYTES, agree, publicKeyOf } from './index.ts';

// RFC 8410: the fixed front of an X25519 key in DER.
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

test('both sides agree, on what OpenSSL agrees on', () => {
  for (let round = 0; round < 20; round++) {
    const [one, other] = [randomBytes(AGREEMENT_BYTES), randomBytes(AGREEMENT_BYTES)];
    using mine = agree(one, publicKeyOf(other));
    using theirs = agree(other, publicKeyOf(one));
    assert.deepEqual(mine?.bytes, theirs?.bytes);
    const expected = diffieHellman({
      privateKey: createPrivateKey({ key: Buffer.concat([PRIVATE, one]), format: 'der', type: 'pkcs8' }),
      publicKey: createPublicKey({ key: Buffer.concat([PUBLIC, publicKeyOf(other)]), format: 'der', type: 'spki' }),
    });
    assert.deepEqual(mine?.bytes, expected);
  }
});

test('a public key of small order is refused', () => {
  assert.equal(agree(randomBytes(AGREEMENT_BYTES), Buffer.alloc(AGREEMENT_BYTES)), undefined);
});

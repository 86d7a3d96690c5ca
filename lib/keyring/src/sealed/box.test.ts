import assert from 'node:assert/strict';
import { createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import test from 'node:test';
import { BOX_OVERHEAD_BYTES, MAX_SEALED_BYTES, makeKeyPair, openBox, publicKeyFor, sealBox } from './box.ts';

const pair = makeKeyPair();
const secret = Buffer.from('secret');

test('a box opens with its key, as its entry, and not otherwise', () => {
  const box = sealBox(pair.publicKey, 'service:user', secret);
  assert.equal(box.length, secret.length + BOX_OVERHEAD_BYTES);
  assert.deepEqual(openBox(pair, 'service:user', box), secret);
  assert.equal(openBox(pair, 'service:other', box), undefined);
  assert.equal(openBox(makeKeyPair(), 'service:user', box), undefined);
});

test('a box that was changed anywhere does not open', () => {
  const box = sealBox(pair.publicKey, 'service:user', secret);
  for (let at = 0; at < box.length; at++) {
    const changed = Buffer.from(box);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(openBox(pair, 'service:user', changed), undefined, `byte ${at}`);
  }
  for (let size = 0; size < box.length; size++)
    assert.equal(openBox(pair, 'service:user', box.subarray(0, size)), undefined);
  assert.equal(openBox(pair, 'service:user', Buffer.concat([box, Buffer.of(0)])), undefined);
});

test('a box to a point that everybody knows the answer of does not open', () => {
  const box = sealBox(pair.publicKey, 'service:user', secret);
  box.fill(0, 1, 33);
  assert.equal(openBox(pair, 'service:user', box), undefined);
});

test('the same secret is never sealed to the same bytes', () => {
  assert.notDeepEqual(sealBox(pair.publicKey, 'a:b', secret), sealBox(pair.publicKey, 'a:b', secret));
});

test('the largest secret fills a key of the kernel', () => {
  assert.equal(sealBox(pair.publicKey, 'a:b', Buffer.alloc(MAX_SEALED_BYTES)).length, 32_767);
});

test('the page of the format is enough to open one', () => {
  const box = sealBox(pair.publicKey, 'service:user', secret);
  const [ephemeral, sealed, tag] = [box.subarray(1, 33), box.subarray(33, -16), box.subarray(-16)];
  const jwk = (x: Buffer, d?: Buffer) => ({
    kty: 'OKP',
    crv: 'X25519',
    x: x.toString('base64url'),
    ...(d === undefined ? {} : { d: d.toString('base64url') }),
  });
  const shared = diffieHellman({
    privateKey: createPrivateKey({ key: jwk(pair.publicKey, pair.privateKey), format: 'jwk' }),
    publicKey: createPublicKey({ key: jwk(ephemeral), format: 'jwk' }),
  });
  const label = 'chatelaine sealed keyring 1 box';
  const derived = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeral, pair.publicKey]), label, 44));
  const decipher = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), derived.subarray(32));
  decipher.setAAD(Buffer.from(`${label}\0service:user`)).setAuthTag(tag);
  assert.equal(Buffer.concat([decipher.update(sealed), decipher.final()]).toString(), 'secret');
  assert.deepEqual(publicKeyFor(pair.privateKey), pair.publicKey);
});

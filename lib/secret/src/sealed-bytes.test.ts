import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areEqualBytes, keyedHashInto, lockedMemory, openSealed, SecretBytes, sealInto } from './index.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

// draft-irtf-cfrg-xchacha-03, A.3.1
const draft = {
  plain: Buffer.from(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  ),
  associated: hex('50515253c0c1c2c3c4c5c6c7'),
  key: hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
  nonce: hex('404142434445464748494a4b4c4d4e4f5051525354555657'),
  sealed: hex(
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b7' +
      '2e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e' +
      'c0875924c1c7987947deafd8780acf49',
  ),
};

test('sealing agrees with the vector of the XChaCha20-Poly1305 draft', () => {
  const sealed = Buffer.alloc(draft.plain.length + 16);
  sealInto(sealed, draft.plain, draft);
  assert.deepEqual(sealed, draft.sealed);
  using opened = openSealed(sealed, draft);
  assert.deepEqual(opened?.bytes, draft.plain);
});

test('one flipped bit anywhere, another key, nonce or associated data does not open, and leaves nothing behind', () => {
  const { pieces } = lockedMemory.use();
  for (const part of ['sealed', 'associated', 'key', 'nonce'] as const) {
    for (let bit = 0; bit < draft[part].length * 8; bit++) {
      const flipped = Buffer.from(draft[part]);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const changed = { ...draft, [part]: flipped };
      assert.equal(openSealed(changed.sealed, changed), undefined);
    }
  }
  for (let size = 0; size < draft.sealed.length; size++) {
    assert.equal(openSealed(draft.sealed.subarray(0, size), draft), undefined);
  }
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('nothing can be sealed and opened too', () => {
  const sealed = Buffer.alloc(16);
  sealInto(sealed, Buffer.alloc(0), draft);
  using opened = openSealed(sealed, draft);
  assert.equal(opened?.length, 0);
});

test('the keyed hash agrees with the vectors of BLAKE2, however the data is cut', () => {
  // blake2b, key 00 to 3f, data 00 01 02: from the BLAKE2 project's known answers.
  const expected =
    '33d0825dddf7ada99b0e7e307104ad07ca9cfd9692214f1561356315e784f3e5a17e364ae9dbb14cb2036df932b77f4b292761365fb328de7afdc6d8998f5fc1';
  const key = Buffer.from(Array.from({ length: 64 }, (_, index) => index));
  const output = Buffer.alloc(64);
  for (const parts of [['000102'], ['00', '0102'], ['', '0001', '', '02']]) {
    keyedHashInto(output, key, parts.map(hex));
    assert.equal(output.toString('hex'), expected);
  }
});

test('equal bytes are equal, and nothing else is', () => {
  using secret = SecretBytes.copyOf(Buffer.from('abc'));
  assert.ok(areEqualBytes(secret.bytes, Buffer.from('abc')));
  assert.ok(areEqualBytes(new Uint8Array(0), new Uint8Array(0)));
  assert.ok(!areEqualBytes(secret.bytes, Buffer.from('abd')));
  assert.ok(!areEqualBytes(secret.bytes, Buffer.from('abcd')));
  assert.ok(!areEqualBytes(secret.bytes, new Uint8Array(0)));
});

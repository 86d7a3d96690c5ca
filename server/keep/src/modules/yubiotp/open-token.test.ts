import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOtp, toModhex } from './modhex.ts';
import { crcOf, isLater, openToken } from './open-token.ts';

/** Published by Yubico and python-yubiotp, and made with ykgenerate: key, letters, plaintext; counter, clock and use in it. */
const vectors = [
  [
    'ecde18dbe76fbd0c33330f1c354871db',
    'hknhfjbrjnlnldnhcujvddbikngjrtgh',
    '8792ebfe26cc130030c20011c89f23c8',
    19,
    0xc230,
    17,
  ],
  [
    'c68c9df8cbfe7d2f994cb904046c7218',
    'tjduvtcjbfeuvhehdvjjlbchtlenfgku',
    '609963eae7b50100408d0f004754f957',
    1,
    0x0f8d40,
    0,
  ],
  [
    '30313233343536373839616263646566',
    'ttkhthcilurtkerbjnnkljfkjccklkhl',
    '0123456789ab0500f85301003412f8a9',
    5,
    0x0153f8,
    0,
  ],
  ['000102030405060708090a0b0c0d0e0f', 'uivknhcdbgvvjfhugechunebnvevulck', '0102030405060100000000008d8a9cab', 1, 0, 0],
  [
    '000102030405060708090a0b0c0d0e0f',
    'tuijbnjcgihkkbletkrhtliggjdulrfr',
    '010203040506ff7fffffffff8d8ae3db',
    0x7fff,
    0xffffff,
    255,
  ],
  [
    'ffffffffffffffffffffffffffffffff',
    'vfgljkkbgvtvbrifivrkvvhefbrvjnjr',
    'ffffffffffff0001ff0001808d8a1799',
    0x0100,
    0x0100ff,
    0x80,
  ],
  ['00000000000000000000000000000000', 'eedrichbnrlljeteeglnguufnivjclef', '0000000000000000000000008d8a8cbe', 0, 0, 0],
  [
    'b8c56af07ff79b2230e04ab8891784ce',
    'kjecvtnbjnucktdtkgjbhctecbtjdhln',
    'a63a2f1e5d4c0580341256038d8a4904',
    5,
    0x561234,
    3,
  ],
  [
    '2b7e151628aed2a6abf7158809cf4f3c',
    'llblbigdertfvhdtlgtbjircrfbdnnbi',
    'cafebabe0042341278569abc8d8ae770',
    0x1234,
    0x9a5678,
    0xbc,
  ],
] as const;

test('published codes open to what is in them, the bit of caps lock left out', () => {
  for (const [key, letters, plain, counter, timestamp, use] of vectors) {
    const typed = parseOtp(`vvcccccccccb${letters}`);
    assert.equal(typed?.publicId, 'vvcccccccccb');
    const bytes = Buffer.from(plain, 'hex');
    assert.equal(crcOf(bytes), 0xf0b8);
    assert.deepEqual(openToken(typed.block, Buffer.from(key, 'hex'), bytes.subarray(0, 6)), {
      counter,
      timestamp,
      use,
    });
    assert.equal(openToken(typed.block, Buffer.from(key, 'hex'), Buffer.from('0102030405ff', 'hex')), undefined);
  }
});

test('a code with one letter changed does not open', () => {
  const [key, , plain] = vectors[1];
  const typed = parseOtp('tjduvtcjbfeuvhehdvjjlbchtlenfgkv');
  assert.ok(typed);
  assert.equal(openToken(typed.block, Buffer.from(key, 'hex'), Buffer.from(plain, 'hex').subarray(0, 6)), undefined);
});

test('codes are read in upper case and as typed on a Dvorak layout, never taken for Dvorak if they are modhex', () => {
  assert.equal(toModhex(Buffer.from('test')), 'ifhgieif');
  const modhex = 'cccccccccccb'.padEnd(44, 'bcdeghijkntu');
  const right = parseOtp(modhex);
  assert.equal(right?.publicId, 'cccccccccccb', 'every letter is one of both layouts');
  assert.deepEqual(parseOtp(` ${modhex.toUpperCase()}\n`), right);
  const dvorak = [...modhex.replace('b', 'v')].map((letter) => 'jxe.uidchtnbpygk'['cbdefghijklnrtuv'.indexOf(letter)]);
  assert.deepEqual(parseOtp(dvorak.join('')), parseOtp(modhex.replace('b', 'v')));
  for (const wrong of ['', 'c'.repeat(31), 'c'.repeat(49), `a${'c'.repeat(43)}`, `${'c'.repeat(43)}\u{131}`]) {
    assert.equal(parseOtp(wrong), undefined);
  }
});

test('a code is later by power-ups first, then by use', () => {
  const code = (counter: number, use: number) => ({ counter, use });
  assert.ok(isLater(code(0, 0), code(-1, -1)));
  assert.ok(isLater(code(6, 0), code(5, 255)));
  assert.ok(isLater(code(5, 4), code(5, 3)));
  assert.ok(!isLater(code(5, 3), code(5, 3)));
  assert.ok(!isLater(code(4, 255), code(5, 0)));
});

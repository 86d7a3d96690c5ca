import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase32, toBase32 } from './base32.ts';

test('seeds are written as RFC 4648, section 10 has it, without padding', () => {
  for (const [plain, text] of [
    ...[
      ['', ''],
      ['f', 'MY'],
      ['fo', 'MZXQ'],
      ['foo', 'MZXW6'],
    ],
    ...[
      ['foob', 'MZXW6YQ'],
      ['fooba', 'MZXW6YTB'],
      ['foobar', 'MZXW6YTBOI'],
    ],
    ['12345678901234567890', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'],
  ] as const) {
    assert.equal(toBase32(Buffer.from(plain)), text);
    if (text !== '') assert.equal(fromBase32(text)?.toString(), plain);
  }
});

test('what people paste is read: lower case, in groups, padded; what is no Base32 is not', () => {
  assert.equal(fromBase32('mzxw 6ytb-oi======\n')?.toString(), 'foobar');
  for (const wrong of ['', 'MZXW1', 'M', 'MZX', 'MZXW6Y0', 'é']) assert.equal(fromBase32(wrong), undefined, wrong);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneTimeCode, parseCode } from './one-time-code.ts';

const seedOf = (sizeBytes: number): Buffer => Buffer.from('1234567890'.repeat(7).slice(0, sizeBytes));

test('codes by counter are those of RFC 4226, appendix D', () => {
  const numbers = [
    ...[1284755224, 1094287082, 137359152, 1726969429, 1640338314],
    ...[868254676, 1918287922, 82162583, 673399871, 645520489],
  ];
  for (const [counter, number] of numbers.entries()) {
    for (const digits of [6, 7, 8]) {
      const right = String(number % 10 ** digits).padStart(digits, '0');
      assert.equal(oneTimeCode(seedOf(20), counter, { digits, algorithm: 'sha1' }).toString(), right);
    }
  }
});

test('codes by time are those of RFC 6238, appendix B', () => {
  const rows = [
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ] as const;
  const sizes = { sha1: 20, sha256: 32, sha512: 64 } as const;
  for (const [unixSeconds, ...codes] of rows) {
    for (const [at, algorithm] of (['sha1', 'sha256', 'sha512'] as const).entries()) {
      const code = oneTimeCode(seedOf(sizes[algorithm]), Math.floor(unixSeconds / 30), { digits: 8, algorithm });
      assert.equal(code.toString(), codes[at], `${algorithm} at ${unixSeconds}`);
    }
  }
});

test('a counter above 32 bits makes a code of its own', () => {
  const form = { digits: 8, algorithm: 'sha1' } as const;
  assert.notEqual(`${oneTimeCode(seedOf(20), 2 ** 32 + 1, form)}`, `${oneTimeCode(seedOf(20), 1, form)}`);
});

test('a code is 6 to 8 ASCII digits, with one blank or dash inside at most', () => {
  for (const [text, digits] of [
    ['005924', '005924'],
    [' 123 456\n', '123456'],
    ['1234-5678', '12345678'],
  ] as const) {
    assert.equal(parseCode(text)?.toString(), digits);
  }
  for (const text of [
    '',
    '12345',
    '123456789',
    '12 34 56',
    '+12345',
    '-123456',
    '1e5000',
    '١٢٣٤٥٦',
    '12345a',
    '１２３４５６',
  ]) {
    assert.equal(parseCode(text), undefined, text);
  }
});

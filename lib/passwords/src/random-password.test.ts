// Random passwords: exact alphabets, and every character from the bytes it was drawn with.

import assert from 'node:assert/strict';
import test from 'node:test';
import { charsets, randomPassword } from './random-password.ts';

test('the alphabets have the sizes and the letters of the original', () => {
  const sizes: Record<string, number> = Object.fromEntries(
    [...charsets].map(([name, alphabet]) => [name, new Set(alphabet).size]),
  );
  assert.deepEqual(sizes, {
    default: 82,
    alphanumeric: 62,
    shellsafe: 72,
    windowssafe: 71,
    consolesafe: 67,
    numeric: 10,
    hexadecimal: 16,
    typesafe: 53,
  });
  for (const [name, alphabet] of charsets)
    assert.equal(alphabet.length, new Set(alphabet).size, `${name} repeats a letter`);
  assert.equal(/[ilyzILYZ0]/.test(charsets.get('typesafe') ?? ''), false);
});

test('each byte that is not rejected gives one character', () => {
  let next = 0;
  const count = (target: Uint8Array): void => {
    for (let at = 0; at < target.length; at++) target[at] = next++ % 256;
  };
  const letters = Buffer.from(randomPassword(260, '0123456789', count)).toString();
  // 250 is the largest multiple of 10 below 256: 250 to 255 are drawn anew.
  assert.equal(letters, '0123456789'.repeat(26));
});

test('over all bytes every character comes equally often', () => {
  for (const alphabet of charsets.values()) {
    let next = 0;
    const fair = 256 - (256 % alphabet.length);
    const password = randomPassword(fair, alphabet, (target) => {
      for (let at = 0; at < target.length; at++) target[at] = next++ % 256;
    });
    const counts = new Map<number, number>();
    for (const letter of password) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    assert.deepEqual(new Set(counts.values()), new Set([fair / alphabet.length]));
  }
});

// Ruby's Marshal: records written by Ruby are read, and ours are those bytes.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PasswordStoreError } from '../password-store.ts';
import { readMarshal } from './read-marshal.ts';
import type { RubyValue } from './ruby-value.ts';
import { writeMarshal } from './write-marshal.ts';

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

/** Written by Ruby 3.1. */
const vectors: readonly (readonly [string, RubyValue])[] = [
  ['04087b0649220a706c61696e063a064554492208616263063b0054', new Map([['plain', text('abc')]])],
  [
    '04087b0749220a706c61696e063a064554492208616263063b005449220a6d7973716c063b00544922072a58063b0054',
    new Map([
      ['plain', text('abc')],
      ['mysql', text('*X')],
    ]),
  ],
  [
    '04085b077b0749220a706c61696e063a064554492208616263063b005449220d5f65787069726573063b00546969553a0d526174696f6e616c5b07690401ca9a3b6907',
    [
      new Map<string, RubyValue>([
        ['plain', text('abc')],
        ['_expires', 100],
      ]),
      { numerator: 1_000_000_001n, denominator: 2n },
    ],
  ],
];

test('what Ruby wrote is read, and written again byte for byte', () => {
  for (const [hex, value] of vectors) {
    assert.deepEqual(readMarshal(Buffer.from(hex, 'hex')), value);
    assert.equal(writeMarshal(value).toString('hex'), hex);
  }
});

const leaves = fc.oneof(
  fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
);

test('whatever is written is read again', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), leaves), (record) => {
      const value = new Map(Object.entries(record));
      assert.deepEqual(readMarshal(writeMarshal(value)), value);
    }),
  );
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt({ min: 1n }), (numerator, denominator) => {
      assert.deepEqual(readMarshal(writeMarshal({ numerator, denominator })), { numerator, denominator });
    }),
  );
});

test('what is cut off, goes on, or is no Marshal is refused as a whole', () => {
  const [hex = ''] = vectors[2] ?? [];
  const bytes = Buffer.from(hex, 'hex');
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readMarshal(bytes.subarray(0, length)), PasswordStoreError);
  }
  assert.throws(() => readMarshal(Buffer.concat([bytes, Buffer.from([0x30])])), PasswordStoreError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      try {
        readMarshal(Uint8Array.of(4, 8, ...noise));
      } catch (error) {
        assert.ok(error instanceof PasswordStoreError);
      }
    }),
    { numRuns: 5_000 },
  );
});

test('objects of other classes are refused', () => {
  for (const hex of ['04086f3a0b4f626a65637400', '0408633a0a4572726f72', '040849226161613b'])
    assert.throws(() => readMarshal(Buffer.from(hex, 'hex')), PasswordStoreError);
});

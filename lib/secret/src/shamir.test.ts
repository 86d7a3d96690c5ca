import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { combineShares, lockedMemory, MAX_SHARES, SecretBytes, type SecretShare, splitSecret } from './index.ts';
import { multiply } from './shamir-bytes.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const share = (number: number, value: string): SecretShare => ({ number, value: SecretBytes.copyOf(hex(value)) });
const release = (shares: readonly SecretShare[]): void => {
  for (const { value } of shares) value.release();
};

test('the field is that of FIPS 197, 4.2', () => {
  assert.equal(multiply(0x57, 0x83), 0xc1);
  assert.equal(multiply(0x57, 0x13), 0xfe);
  for (let a = 1; a < 256; a++) {
    // Every element but zero has exactly one inverse.
    const inverses = Array.from({ length: 256 }, (_, b) => b).filter((b) => multiply(a, b) === 1);
    assert.equal(inverses.length, 1);
  }
});

test('shares agree with the test case of draft-mcgrew-tss-03, section 9', () => {
  const shares = [share(1, 'b9fa07e185'), share(2, 'f5409b4511')];
  using secret = combineShares(shares);
  assert.equal(secret.bytes.toString('hex'), '7465737400');
  // The line through both: the coefficient of x is share 1 minus the secret.
  const made = splitSecret(secret.bytes, { threshold: 2, shares: 2 }, (target) => target.set(hex('cd9f749585')));
  assert.deepEqual(
    made.map(({ number, value }) => [number, value.bytes.toString('hex')]),
    [
      [1, 'b9fa07e185'],
      [2, 'f5409b4511'],
    ],
  );
  release([...shares, ...made]);
});

test('any threshold of shares gives the secret, in any order, and nothing stays in locked memory', () => {
  const { pieces } = lockedMemory.use();
  const split = fc.integer({ min: 2, max: 8 }).chain((threshold) =>
    fc.record({
      threshold: fc.constant(threshold),
      secret: fc.uint8Array({ minLength: 1, maxLength: 64 }),
      chosen: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: threshold }),
    }),
  );
  fc.assert(
    fc.property(split, ({ threshold, secret, chosen }) => {
      const shares = splitSecret(secret, { threshold, shares: 8 });
      using combined = combineShares(chosen.flatMap((index) => shares[index] ?? []));
      assert.deepEqual(combined.bytes, Buffer.from(secret));
      release(shares);
    }),
  );
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('one share too few says nothing: every secret is as likely', () => {
  // Two of three shares of a threshold of three, and every possible third: all 256 secrets come out, each once.
  const shares = splitSecret(Buffer.from([42]), { threshold: 3, shares: 3 });
  const seen = new Set<number>();
  for (let byte = 0; byte < 256; byte++) {
    const third = { number: 3, value: SecretBytes.copyOf(Buffer.from([byte])) };
    using combined = combineShares([...shares.slice(0, 2), third]);
    seen.add(combined.bytes[0] ?? -1);
    third.value.release();
  }
  assert.equal(seen.size, 256);
  release(shares);
});

test('what cannot be is refused', () => {
  for (const [threshold, shares] of [
    [1, 3],
    [4, 3],
    [2, MAX_SHARES + 1],
    [2.5, 4],
    [Number.NaN, 4],
  ] as const) {
    assert.throws(() => splitSecret(Buffer.from('x'), { threshold, shares }), RangeError);
  }
  const shares = [share(1, 'aa'), share(1, 'bb'), share(2, 'aabb'), share(0, 'aa')];
  for (const indices of [[], [0, 1], [0, 2], [3]]) {
    assert.throws(() => combineShares(indices.flatMap((index) => shares[index] ?? [])), RangeError);
  }
  release(shares);
});

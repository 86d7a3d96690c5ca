// Shamir's sharing of a secret, byte by byte over GF(256) with the polynomial of AES, x^8 + x^4 + x^3 + x + 1: any `threshold` of
// the shares give the secret, fewer say nothing about it. Numbers, field and vectors as in draft-mcgrew-tss-03. The
// arithmetic has neither tables nor branches that depend on a secret. Why it is ours: docs/decisions/0005-shares.md.

import { type FillRandom, fillRandom } from './random.ts';
import { SecretBytes } from './secret-bytes.ts';

/** Most shares of one secret. */
export const MAX_SHARES = 32;

/** One share. `value` is as long as the secret; whoever holds it releases it. */
export interface SecretShare {
  /** Where the polynomials were evaluated: 1 to 255. Public. */
  readonly number: number;
  readonly value: SecretBytes;
}

/** The product in GF(256). */
export const multiply = (a: number, b: number): number => {
  let [factor, rest, product] = [a, b, 0];
  for (let bit = 0; bit < 8; bit++) {
    product ^= factor & -(rest & 1);
    factor = (factor << 1) ^ (0x11b & -(factor >> 7));
    rest >>= 1;
  }
  return product;
};

/** a^254, which is 1/a. */
const invert = (a: number): number => {
  let [square, inverse] = [a, 1];
  for (let step = 0; step < 7; step++) {
    square = multiply(square, square);
    inverse = multiply(inverse, square);
  }
  return inverse;
};

/**
 * Splits a secret into shares numbered from 1. The caller wipes `secret` and releases the shares. Throws RangeError unless
 * 2 <= threshold <= shares <= {@link MAX_SHARES}.
 *
 * @example
 * const shares = splitSecret(key.bytes, { threshold: 2, shares: 3 });
 */
export const splitSecret = (
  secret: Uint8Array,
  { threshold, shares }: { readonly threshold: number; readonly shares: number },
  fill: FillRandom = fillRandom,
): readonly SecretShare[] => {
  const isPossible = Number.isInteger(threshold) && Number.isInteger(shares) && threshold >= 2 && threshold <= shares;
  if (!isPossible || shares > MAX_SHARES) {
    throw new RangeError(`a threshold is from 2 to the number of shares, of which there are at most ${MAX_SHARES}`);
  }
  // Coefficients of x^1 to x^(threshold-1), each for all bytes of the secret.
  using coefficients = SecretBytes.random((threshold - 1) * secret.length, fill);
  return Array.from({ length: shares }, (_, index) => {
    const number = index + 1;
    const value = SecretBytes.allocate(secret.length);
    for (let at = 0; at < secret.length; at++) {
      let sum = 0;
      for (let power = threshold - 2; power >= 0; power--) {
        sum = multiply(sum ^ (coefficients.bytes[power * secret.length + at] ?? 0), number);
      }
      value.bytes[at] = sum ^ (secret[at] ?? 0);
    }
    return { number, value };
  });
};

/**
 * Gives the secret of shares that belong together; of others, or too few, it gives bytes that mean nothing. The caller
 * releases the secret and the shares. Throws RangeError for no share, a number twice, or lengths that differ.
 */
export const combineShares = (shares: readonly SecretShare[]): SecretBytes => {
  const length = shares[0]?.value.length;
  const numbers = new Set(shares.map(({ number }) => number));
  const areGood = shares.every(
    ({ number, value }) => Number.isInteger(number) && number >= 1 && number <= 255 && value.length === length,
  );
  if (length === undefined || numbers.size !== shares.length || !areGood) {
    throw new RangeError('shares have different numbers from 1 to 255 and one length');
  }
  const secret = SecretBytes.allocate(length);
  for (const { number, value } of shares) {
    // The Lagrange basis at 0: public, since the numbers are.
    let basis = 1;
    for (const other of numbers) if (other !== number) basis = multiply(basis, multiply(other, invert(other ^ number)));
    for (let at = 0; at < length; at++) {
      secret.bytes[at] = (secret.bytes[at] ?? 0) ^ multiply(value.bytes[at] ?? 0, basis);
    }
  }
  return secret;
};

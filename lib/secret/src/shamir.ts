// Shamir's sharing in locked memory; the arithmetic is that of shamir-bytes.ts.

import { type FillRandom, fillRandom } from './random.ts';
import { SecretBytes } from './secret-bytes.ts';
import { checkThreshold, combineInto, splitInto } from './shamir-bytes.ts';

/** One share. `value` is as long as the secret; whoever holds it releases it. */
export interface SecretShare {
  /** Where the polynomials were evaluated: 1 to 255. Public. */
  readonly number: number;
  readonly value: SecretBytes;
}

/**
 * Splits a secret into shares numbered from 1. The caller wipes `secret` and releases the shares. Throws RangeError unless
 * 2 <= threshold <= shares <= MAX_SHARES.
 *
 * @example
 * const shares = splitSecret(key.bytes, { threshold: 2, shares: 3 });
 */
export const splitSecret = (
  secret: Uint8Array,
  { threshold, shares }: { readonly threshold: number; readonly shares: number },
  fill: FillRandom = fillRandom,
): readonly SecretShare[] => {
  checkThreshold(threshold, shares);
  using coefficients = SecretBytes.random((threshold - 1) * secret.length, fill);
  const made = Array.from({ length: shares }, (_, index) => ({
    number: index + 1,
    value: SecretBytes.allocate(secret.length),
  }));
  const bytesOf = made.map(({ number, value }) => ({ number, value: value.bytes }));
  splitInto(secret, coefficients.bytes, bytesOf);
  return made;
};

/**
 * Gives the secret of shares that belong together; of others, or too few, it gives bytes that mean nothing. The caller
 * releases the secret and the shares. Throws RangeError for no share, a number twice, or lengths that differ.
 */
export const combineShares = (shares: readonly SecretShare[]): SecretBytes => {
  const secret = SecretBytes.allocate(shares[0]?.value.length ?? 0);
  try {
    combineInto(
      shares.map(({ number, value }) => ({ number, value: value.bytes })),
      secret.bytes,
    );
    return secret;
  } catch (error) {
    secret.release();
    throw error;
  }
};

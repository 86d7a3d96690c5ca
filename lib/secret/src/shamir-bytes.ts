// Shamir's sharing of a secret, byte by byte over GF(256) with the polynomial of AES, x^8 + x^4 + x^3 + x + 1: any `threshold` of
// the shares give the secret, fewer say nothing about it. Numbers, field and vectors as in draft-mcgrew-tss-03. The
// arithmetic has neither tables nor branches that depend on a secret. Why it is ours: docs/decisions/0005-shares.md.
//
// It works on whatever memory it is given, and loads nothing: a machine that boots has no locked memory to load.

/** Most shares of one secret. */
export const MAX_SHARES = 32;

/** One share, in memory of the caller's. `value` is as long as the secret. */
export interface ShareBytes {
  /** Where the polynomials are evaluated: 1 to 255. Public. */
  readonly number: number;
  readonly value: Uint8Array;
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

/** Throws RangeError unless 2 <= threshold <= shares <= {@link MAX_SHARES}. */
export const checkThreshold = (threshold: number, shares: number): void => {
  const isPossible = Number.isInteger(threshold) && Number.isInteger(shares) && threshold >= 2 && threshold <= shares;
  if (!isPossible || shares > MAX_SHARES) {
    throw new RangeError(`a threshold is from 2 to the number of shares, of which there are at most ${MAX_SHARES}`);
  }
};

/**
 * Writes the shares of a secret into the values it is given.
 *
 * @param coefficients random: those of x^1 to x^(threshold-1), each for all bytes of the secret; the caller wipes them
 */
export const splitInto = (secret: Uint8Array, coefficients: Uint8Array, shares: readonly ShareBytes[]): void => {
  const powers = coefficients.length / secret.length;
  for (const { number, value } of shares) {
    for (let at = 0; at < secret.length; at++) {
      let sum = 0;
      for (let power = powers - 1; power >= 0; power--) {
        sum = multiply(sum ^ (coefficients[power * secret.length + at] ?? 0), number);
      }
      value[at] = sum ^ (secret[at] ?? 0);
    }
  }
};

/**
 * Writes the secret of shares that belong together, as many as their threshold; of others, or too few, bytes that mean nothing.
 * Throws RangeError for no share, a number twice, or lengths that differ.
 *
 * @param secret zeros, as long as the shares
 */
export const combineInto = (shares: readonly ShareBytes[], secret: Uint8Array): void => {
  const numbers = new Set(shares.map(({ number }) => number));
  const areGood = shares.every(
    ({ number, value }) => Number.isInteger(number) && number >= 1 && number <= 255 && value.length === secret.length,
  );
  if (shares.length === 0 || numbers.size !== shares.length || !areGood) {
    throw new RangeError('shares have different numbers from 1 to 255 and one length');
  }
  for (const { number, value } of shares) {
    // The Lagrange basis at 0: public, since the numbers are.
    let basis = 1;
    for (const other of numbers) if (other !== number) basis = multiply(basis, multiply(other, invert(other ^ number)));
    for (let at = 0; at < secret.length; at++) {
      secret[at] = (secret[at] ?? 0) ^ multiply(value[at] ?? 0, basis);
    }
  }
};

// Secrets that nothing else in the world looks like, so that one that is found was leaked.

import { randomBytes } from 'node:crypto';

/** A secret to be used once and then sought. */
export interface Canary {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Sizes around which things are kept differently: small arrays within the heap of JavaScript, pools, records of TLS. */
const SIZES = [16, 24, 48, 64, 65, 200, 1_200, 5_000, 20_000];

/** `count` of them, of all sizes in turn. */
export const makeCanaries = (kind: string, count: number, sizes: readonly number[] = SIZES): readonly Canary[] =>
  Array.from({ length: count }, (_, index) => {
    const size = sizes[index % sizes.length] ?? 16;
    return { name: `${kind} ${index} of ${size} bytes`, bytes: randomBytes(size) };
  });

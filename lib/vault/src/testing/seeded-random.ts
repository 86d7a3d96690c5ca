// Randomness that replays: for vectors, and for tests that print their seed.

import { createCipheriv, createHash } from 'node:crypto';
import type { FillRandom } from '@chatelaine/secret';

/** The key stream of AES-256-CTR under SHA-256 of the seed. */
export const seededRandom = (seed: string): FillRandom => {
  const stream = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), Buffer.alloc(16));
  return (target) => {
    target.set(stream.update(Buffer.alloc(target.length)));
  };
};

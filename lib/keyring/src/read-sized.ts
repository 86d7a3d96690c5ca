// Reads what the kernel gives in full or not at all. Invariant: what passed through a buffer of ours is zeroed before it is used
// again, and nothing is cut short: a payload that grew between two calls is asked for once more.

import { allocateSecret } from './secret-buffer.ts';

const SCRATCH_BYTES = 32_768;
const MAX_TRIES = 16;

let scratch: Buffer | undefined;

/** Below this a loop is faster than a call. */
const FEW_BYTES = 64;

/** Moves the first bytes of a buffer into one of their own, and zeroes where they were. */
const moveOut = (from: Buffer, size: number): Buffer => {
  const exact = allocateSecret(size);
  if (size > FEW_BYTES) {
    from.copy(exact, 0, 0, size);
    from.fill(0, 0, size);
    return exact;
  }
  for (let at = 0; at < size; at++) {
    exact[at] = from[at] ?? 0;
    from[at] = 0;
  }
  return exact;
};

/**
 * Reads into a buffer of exactly the right size, which the caller wipes.
 *
 * @param read fills a buffer and gives the full size, also if that is more than the buffer holds.
 * @param likelySize tried first: if it is right, nothing has to be copied.
 */
export const readSized = (read: (into: Buffer) => number, likelySize?: number): Buffer => {
  if (likelySize !== undefined) {
    const guess = allocateSecret(likelySize);
    if (read(guess) === likelySize) return guess;
    guess.fill(0);
  }
  scratch ??= Buffer.alloc(SCRATCH_BYTES);
  let into = scratch;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const size = read(into);
    if (size <= into.length) return moveOut(into, size);
    into = Buffer.alloc(size);
  }
  throw new Error('the payload changes faster than it can be read');
};

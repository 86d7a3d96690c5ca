// The rounds that md5crypt and the SHA-crypts share: digest upon digest, with password, salt or both mixed in by the number
// of the round. Only for the two formats that libcrypt cannot make (another magic, a longer salt); all cryptography is
// node:crypto's. Yields to the event loop every few milliseconds.

import { createHash } from 'node:crypto';
import { wipe } from './wipe.ts';

const ROUNDS_AT_ONCE = 250;

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What is mixed in. The caller wipes it. */
export interface RoundInput {
  readonly hash: 'md5' | 'sha256';
  readonly rounds: number;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
}

/** Stretches `first`, a digest, which is wiped; the caller wipes the result. */
export const stretchDigest = async (first: Buffer, { hash, rounds, password, salt }: RoundInput): Promise<Buffer> => {
  let digest = first;
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    const next = createHash(hash).update(isOdd ? password : digest);
    if (round % 3 !== 0) next.update(salt);
    if (round % 7 !== 0) next.update(password);
    next.update(isOdd ? digest : password);
    wipe(digest);
    digest = next.digest();
    if (round % ROUNDS_AT_ONCE === ROUNDS_AT_ONCE - 1) await breathe();
  }
  return digest;
};

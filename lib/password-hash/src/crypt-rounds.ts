// The rounds that md5crypt and the SHA-crypts share: digest upon digest, with password, salt or both mixed in by the number
// of the round. Only for the two formats that libcrypt cannot make (another magic, a longer salt); all cryptography is
// node:crypto's. Yields to the event loop every millisecond or so.

import { hash as hashOnce } from 'node:crypto';
import { secretBuffer, wipe } from './wipe.ts';

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
export const stretchDigest = async (first: Buffer, input: RoundInput): Promise<Buffer> => {
  const { hash, rounds, password, salt } = input;
  const mixed = secretBuffer(first.length + salt.length + 2 * password.length);
  let digest = first;
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    let length = 0;
    const mix = (part: Uint8Array): void => {
      mixed.set(part, length);
      length += part.length;
    };
    mix(isOdd ? password : digest);
    if (round % 3 !== 0) mix(salt);
    if (round % 7 !== 0) mix(password);
    mix(isOdd ? digest : password);
    wipe(digest);
    digest = hashOnce(hash, mixed.subarray(0, length), { outputEncoding: 'buffer' });
    if (round % ROUNDS_AT_ONCE === ROUNDS_AT_ONCE - 1) await breathe();
  }
  wipe(mixed);
  return digest;
};

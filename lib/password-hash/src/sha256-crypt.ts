// SHA-crypt with SHA-256 and a salt of any length: MySQL's has 20 bytes, of which libcrypt would look at 16.
// Drepper, "Unix crypt using SHA-256 and SHA-512".

import { cryptBase64 } from './crypt-base64.ts';
import { stretchDigest } from './crypt-rounds.ts';
import { digestOf } from './digest.ts';
import { secretBuffer, wipe } from './wipe.ts';

const DIGEST_BYTES = 32;

const order = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
  [31, 30],
];

const repeatedDigest = (bytes: Uint8Array, times: number, length: number): Buffer => {
  const digest = digestOf('sha256', ...Array.from({ length: times }, () => bytes));
  const repeated = secretBuffer(length);
  for (let offset = 0; offset < length; offset++) repeated[offset] = digest[offset % DIGEST_BYTES] ?? 0;
  wipe(digest);
  return repeated;
};

/** The 43 characters of the digest. `password` is not kept; the caller wipes it. */
export const sha256Crypt = async (password: Uint8Array, salt: Uint8Array, rounds: number): Promise<string> => {
  const inner = digestOf('sha256', password, salt, password);
  const parts: Uint8Array[] = [password, salt];
  for (let left = password.length; left > 0; left -= DIGEST_BYTES) parts.push(inner.subarray(0, left));
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? inner : password);
  const first = digestOf('sha256', ...parts);
  const passwordSequence = repeatedDigest(password, password.length, password.length);
  const saltSequence = repeatedDigest(salt, 16 + (first[0] ?? 0), salt.length);
  const digest = await stretchDigest(first, {
    hash: 'sha256',
    rounds,
    password: passwordSequence,
    salt: saltSequence,
  });
  const encoded = cryptBase64(digest, order);
  wipe(inner, passwordSequence, saltSequence, digest);
  return encoded;
};

// Digests of passwords, computed in one call: an object of `createHash` would keep what went into it until it is collected.

import { hash } from 'node:crypto';
import { joinBytes, wipe } from './wipe.ts';

/** The digest of `parts` after one another; the caller wipes it if it is secret. `algorithm` is one that OpenSSL names. */
export const digestOf = (algorithm: string, ...parts: readonly Uint8Array[]): Buffer => {
  const joined = joinBytes(...parts);
  const digest = hash(algorithm, joined, { outputEncoding: 'buffer' });
  wipe(joined);
  return digest;
};

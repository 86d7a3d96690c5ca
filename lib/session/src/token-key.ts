// The key of a token, bound to where the shell runs. HKDF-SHA-256 (RFC 5869) where there is a runtime secret: nothing in it can
// be guessed, so it need not be slow. scrypt (RFC 7914) where there is none.

import { hkdfSync, scryptSync } from 'node:crypto';
import { SecretBytes } from '@chatelaine/secret';
import type { Token } from './token.ts';

const KEY_BYTES = 32;
const INFO = Buffer.from('chatelaine session 2');
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;

/**
 * Derives the token key, which the caller releases.
 *
 * @param runtimeSecret 32 bytes; not looked at for a token of kind 2
 */
export const deriveTokenKey = (token: Token, identity: Uint8Array, runtimeSecret: Uint8Array): SecretBytes => {
  const key =
    token.kind === 1
      ? Buffer.from(hkdfSync('sha256', runtimeSecret, token.salt, Buffer.concat([INFO, identity]), KEY_BYTES))
      : scryptSync(identity, token.salt, KEY_BYTES, SCRYPT);
  try {
    return SecretBytes.copyOf(key);
  } finally {
    key.fill(0);
  }
};

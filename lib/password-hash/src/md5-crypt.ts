// md5crypt with a magic of one's choice: Apache's differs from crypt(3)'s in nothing else, and libcrypt knows only its own.
// Poul-Henning Kamp, FreeBSD 2.0 crypt(3); Apache, apr_md5.c.

import { cryptBase64 } from './crypt-base64.ts';
import { stretchDigest } from './crypt-rounds.ts';
import { digestOf } from './digest.ts';
import { wipe } from './wipe.ts';

const DIGEST_BYTES = 16;
const ROUNDS = 1_000;

const order = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]];

/** The whole hash: magic, salt, digest. `password` is not kept; the caller wipes it. */
export const md5Crypt = async (password: Uint8Array, magic: string, salt: string): Promise<string> => {
  const saltBytes = Buffer.from(salt, 'latin1');
  const inner = digestOf('md5', password, saltBytes, password);
  const parts: Uint8Array[] = [password, Buffer.from(magic, 'latin1'), saltBytes];
  for (let left = password.length; left > 0; left -= DIGEST_BYTES) parts.push(inner.subarray(0, left));
  const zero = new Uint8Array(1);
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? zero : password.subarray(0, 1));
  const first = digestOf('md5', ...parts);
  wipe(inner);
  const digest = await stretchDigest(first, { hash: 'md5', rounds: ROUNDS, password, salt: saltBytes });
  const encoded = cryptBase64(digest, order);
  wipe(digest);
  return `${magic}${salt}$${encoded}`;
};

// HMAC-SHA-1 out of two plain hashes, RFC 2104. Node's own takes six times as long, most of it to find out what kind of key it was
// given, and keeps the key in a context of its own until garbage is collected; here what is made of the key is wiped at once.

import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const CODE_BYTES = 20;

const padded = (key: Uint8Array, pad: number, more: number): Buffer => {
  const bytes = Buffer.alloc(BLOCK_BYTES + more);
  bytes.set(key);
  for (let at = 0; at < BLOCK_BYTES; at++) bytes[at] = (bytes[at] ?? 0) ^ pad;
  return bytes;
};

/** The code of a message, 20 bytes. The key is at most 64 bytes, or it throws RangeError. */
export const hmacSha1 = (key: Uint8Array, message: Uint8Array): Buffer => {
  if (key.length > BLOCK_BYTES) throw new RangeError('the key is longer than a block of the hash');
  const inner = padded(key, 0x36, message.length);
  const outer = padded(key, 0x5c, CODE_BYTES);
  inner.set(message, BLOCK_BYTES);
  outer.set(hash('sha1', inner, 'buffer'), BLOCK_BYTES);
  const code = hash('sha1', outer, 'buffer');
  inner.fill(0);
  outer.fill(0);
  return code;
};

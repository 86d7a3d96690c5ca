// Salts, and other random bytes.

import { secretBuffer } from './wipe.ts';

const alphabet = Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 'latin1');

/** `length` letters and digits, each as likely as any other: bytes that would favour some are drawn again. */
export const alphanumericSalt = (length: number, random: (target: Uint8Array) => void): Buffer => {
  const salt = Buffer.alloc(length);
  const drawn = new Uint8Array(1);
  const limit = 256 - (256 % alphabet.length);
  for (let index = 0; index < length; index++) {
    do random(drawn);
    while ((drawn[0] ?? 0) >= limit);
    salt[index] = alphabet[(drawn[0] ?? 0) % alphabet.length] ?? 0;
  }
  return salt;
};

/** `length` random bytes. */
export const randomBytes = (length: number, random: (target: Uint8Array) => void): Buffer => {
  const bytes = secretBuffer(length);
  random(bytes);
  return bytes;
};

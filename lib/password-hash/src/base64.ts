// Base64 (RFC 4648) from bytes to bytes, for private keys: Buffer's own goes through a string, which cannot be wiped.

import { secretBuffer } from './wipe.ts';

const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');
const PADDING = 0x3d;

/** Encodes `bytes`, padded, without line breaks. The caller wipes the result. */
export const encodeBase64 = (bytes: Uint8Array): Buffer => {
  const encoded = secretBuffer(Math.ceil(bytes.length / 3) * 4).fill(PADDING);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const bits = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    const digits = Math.min(3, bytes.length - from) + 1;
    for (let digit = 0; digit < digits; digit++) encoded[to + digit] = alphabet[(bits >> (18 - 6 * digit)) & 63] ?? 0;
  }
  return encoded;
};

/** Decodes padded base64 without line breaks; `undefined` if it is anything else. The caller wipes the result. */
export const decodeBase64 = (encoded: Uint8Array): Buffer | undefined => {
  if (encoded.length % 4 !== 0) return undefined;
  const padding = encoded.at(-1) !== PADDING ? 0 : encoded.at(-2) !== PADDING ? 1 : 2;
  const bytes = secretBuffer((encoded.length / 4) * 3 - padding);
  let bits = 0;
  for (let from = 0; from < encoded.length; from++) {
    const digit = from >= encoded.length - padding ? 0 : alphabet.indexOf(encoded[from] ?? 0);
    if (digit < 0) return undefined;
    bits = ((bits & 0x3_ffff) << 6) | digit;
    if (from % 4 !== 3) continue;
    const to = ((from - 3) / 4) * 3;
    for (let byte = 0; byte < 3 && to + byte < bytes.length; byte++) bytes[to + byte] = (bits >> (16 - 8 * byte)) & 255;
  }
  return bytes;
};

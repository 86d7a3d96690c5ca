// Base32 in lower case and without padding (RFC 4648, section 6), for names of files.

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Encodes a multiple of 5 bytes. */
export const base32 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 5) {
    let group = 0n;
    for (const byte of bytes.subarray(at, at + 5)) group = (group << 8n) | BigInt(byte);
    for (let shift = 35n; shift >= 0n; shift -= 5n) text += ALPHABET[Number((group >> shift) & 31n)];
  }
  return text;
};

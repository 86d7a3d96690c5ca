// YACHT64: 6 bits a character, the highest first, without padding; the alphabet of the old tokens.

import { SecretBytes } from '@chatelaine/secret';

const ALPHABET = Buffer.from('a9WBfKOz3s15cnEJLAl6IwogkNtYS%TbVRH0@Z8FGjumMh4pqd7ve2UXrCyQDxPi', 'latin1');

const values = new Int8Array(256).fill(-1);
for (const [value, character] of ALPHABET.entries()) values[character] = value;

/** Whether every character is one of the 64. */
export const isYacht64 = (text: Uint8Array): boolean => text.every((character) => (values[character] ?? -1) >= 0);

/** Decodes into `bytes`, which holds 6 bits a character; the last byte is filled up with zero bits. */
const decodeInto = (bytes: Uint8Array, text: Uint8Array): void => {
  let bits = 0;
  let count = 0;
  let at = 0;
  for (const character of text) {
    bits = ((bits << 6) | (values[character] ?? 0)) & 0x3fff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = bits >> count;
    }
  }
  if (count > 0) bytes[at] = bits << (8 - count);
};

const decodedSize = (text: Uint8Array): number => Math.ceil((text.length * 6) / 8);

/** Decodes text that is all YACHT64 ({@link isYacht64}). */
export const decodeYacht64 = (text: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(decodedSize(text));
  decodeInto(bytes, text);
  return bytes;
};

/** As {@link decodeYacht64}, into locked memory; the caller releases it. */
export const decodeSecretYacht64 = (text: Uint8Array): SecretBytes => {
  const secret = SecretBytes.allocate(decodedSize(text));
  decodeInto(secret.bytes, text);
  return secret;
};

/** Encodes; what is left of the last character is zero bits. Not for secrets: strings cannot be wiped. */
export const encodeYacht64 = (bytes: Uint8Array): string => {
  const text = Buffer.alloc(Math.ceil((bytes.length * 8) / 6));
  let bits = 0;
  let count = 0;
  let at = 0;
  const put = (value: number): void => {
    text[at++] = ALPHABET[value & 63] ?? 0;
  };
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0x3fff;
    count += 8;
    while (count >= 6) {
      count -= 6;
      put(bits >> count);
    }
  }
  if (count > 0) put(bits << (6 - count));
  return text.toString('latin1');
};

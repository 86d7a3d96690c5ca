// The block inside a code of a YubiKey: AES-128, one block, with the key's private id, its counters and a checksum.
// YubiKey Manual 3.4, section 6.

import { createDecipheriv, createSecretKey } from 'node:crypto';
import { areEqualBytes } from '@chatelaine/secret';

/** The register of the checksum after a block that is whole. ISO 13239. */
const RESIDUAL = 0xf0b8;
/** Bit 15 of the counter says that caps lock was on, not how often the key was powered up. */
const COUNTER_MASK = 0x7fff;

/** What a key says in a code. */
export interface Token {
  readonly counter: number;
  readonly use: number;
  /** The clock of the key, 8 a second. */
  readonly timestamp: number;
}

/** CRC-16 with the reflected polynomial 0x8408, from 0xffff. */
export const crcOf = (bytes: Uint8Array): number => {
  let register = 0xffff;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? 0x8408 : 0);
  }
  return register;
};

/** Opens a block of 16 bytes with a key of 16, the counter as it is in the block; undefined if it is not of that key or not whole. */
export const openBlock = (block: Uint8Array, key: Uint8Array, privateId: Uint8Array): Token | undefined => {
  // Given bytes, Node finds out by throwing twice that they are no key object: four times the work of all the rest.
  const cipher = createDecipheriv('aes-128-ecb', createSecretKey(key), null).setAutoPadding(false);
  const plain = cipher.update(block);
  try {
    const isItsOwn = areEqualBytes(plain.subarray(0, 6), privateId);
    const isWhole = crcOf(plain) === RESIDUAL;
    if (!isItsOwn || !isWhole) return undefined;
    return {
      counter: plain.readUInt16LE(6),
      use: plain.readUInt8(11),
      timestamp: plain.readUIntLE(8, 3),
    };
  } finally {
    plain.fill(0);
  }
};

/** The same with the counter as it counts. */
export const openToken = (block: Uint8Array, key: Uint8Array, privateId: Uint8Array): Token | undefined => {
  const token = openBlock(block, key, privateId);
  return token && { ...token, counter: token.counter & COUNTER_MASK };
};

/** Whether a code was made after another one. Gaps of any size are as good. */
export const isLater = (one: Pick<Token, 'counter' | 'use'>, other: Pick<Token, 'counter' | 'use'>): boolean =>
  one.counter > other.counter || (one.counter === other.counter && one.use > other.use);

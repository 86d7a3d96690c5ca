// For tests: what a YubiKey types. YubiKey Manual 3.4, section 6.

import { createCipheriv } from 'node:crypto';
import { toModhex } from '../modhex.ts';
import { crcOf } from '../open-token.ts';

/** What is programmed into a key. */
export interface YubikeySecrets {
  readonly privateId: Uint8Array;
  readonly key: Uint8Array;
}

/** The code of this press of a key. */
export const typeCode = (
  publicId: string,
  { privateId, key }: YubikeySecrets,
  { counter, use, timestamp = 0 }: { readonly counter: number; readonly use: number; readonly timestamp?: number },
): string => {
  const plain = Buffer.alloc(16);
  plain.set(privateId);
  plain.writeUInt16LE(counter, 6);
  plain.writeUIntLE(timestamp, 8, 3);
  plain.writeUInt8(use, 11);
  plain.writeUInt16LE(crcOf(plain.subarray(0, 14)) ^ 0xffff, 14);
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return publicId + toModhex(Buffer.concat([cipher.update(plain), cipher.final()]));
};

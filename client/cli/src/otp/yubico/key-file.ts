// The key file of Yubico's key storage module, "ykksm 1":
// serialNr,publicName,internalName,aesKey,lockCode,created,accessed[,progflags]. doc/KeyProvisioningFormat in yubikey-ksm.

import type { InputOf, OutputOf, yubiotp } from '@chatelaine/contract';
import { TokenError } from '../import/token.ts';
import { bytesOf, type Line, numberOf, publicIdOfField, textOf } from './fields.ts';

export type BroughtKey = InputOf<typeof yubiotp.bringKeys>['keys'][number];
type ExportedKey = OutputOf<typeof yubiotp.exportKey>;

export const KEY_FILE_FIELDS = 9;
const [FEWEST_FIELDS, MOST_FIELDS] = [5, 8];
const HIGHEST_SERIAL = 2 ** 48 - 1;
const AES_DIGITS = 32;

const timeOf = (field: Buffer | undefined, name: string): string => {
  const text = textOf(field);
  if (text === '' || /^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}$/.test(text)) return text;
  throw new TokenError(`${name} is no time such as 2009-02-24T17:41:57`);
};

/** Wipes what came of a line. */
export const wipeKey = ({ stored }: BroughtKey): void => {
  for (const bytes of [stored?.privateId, stored?.key, stored?.lockCode]) bytes?.fill(0);
};

/**
 * Reads a line. Throws {@link TokenError}. The caller wipes with {@link wipeKey}.
 *
 * @param creator 8 hexadecimal digits of the OpenPGP key that signed the file, or nothing
 */
export const readKeyLine = ({ fields }: Line, creator: string): BroughtKey => {
  if (fields.length < FEWEST_FIELDS || fields.length > MOST_FIELDS) {
    throw new TokenError(`it has ${fields.length} fields, not ${FEWEST_FIELDS} to ${MOST_FIELDS}`);
  }
  const [serial, publicName, internalName, aesKey, lock, created, accessed, flags] = fields;
  const serialNumber = numberOf(serial, 'serialNr', 0, HIGHEST_SERIAL);
  const publicId = publicIdOfField(publicName);
  const when = timeOf(created, 'created');
  timeOf(accessed, 'accessed');
  if (textOf(flags) !== '') numberOf(flags, 'progflags', 0, 2 ** 32);
  if ((aesKey?.length ?? 0) > AES_DIGITS) throw new TokenError('no YubiKey has a key of more than 32 digits');
  const made: Buffer[] = [];
  try {
    for (const [field, name, size] of [
      [internalName, 'internalName', 6],
      [aesKey, 'aesKey', 16],
      [lock, 'lockCode', 6],
    ] as const) {
      made.push(bytesOf(field, name, size));
    }
  } catch (error) {
    for (const bytes of made) bytes.fill(0);
    throw error;
  }
  const [privateId = Buffer.alloc(0), key = Buffer.alloc(0), lockCode = Buffer.alloc(0)] = made;
  return { publicId, stored: { privateId, key, lockCode, serialNumber, created: when, creator, active: true } };
};

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** The line of a key that is given back. */
export const writeKeyLine = (publicId: string, { privateId, key, storage }: ExportedKey): string => {
  const { serialNumber = 0, created = '', lockCode = Buffer.alloc(6) } = storage ?? {};
  return `${serialNumber},${publicId},${hexOf(privateId)},${hexOf(key)},${hexOf(lockCode)},${created},\n`;
};

// What is sealed in a vault's file: its name, since when this session is logged in to it, and its key.

import { SecretBytes } from '@chatelaine/secret';

/** A vault that a session is logged in to. */
export interface VaultEntry {
  readonly name: string;
  readonly loggedInAtUnixMs: number;
  /** Whoever gets the entry releases it. */
  readonly key: SecretBytes;
}

const MAX_NAME_BYTES = 255;
export const MAX_KEY_BYTES = 65_536;
const LENGTH_BYTES = 2;
const TIME_BYTES = 8;

/** Whether a vault can be called that: one line of well-formed text. */
export const isVaultName = (name: string): boolean =>
  name.isWellFormed() &&
  !/\p{Cc}|\p{Zl}|\p{Zp}/u.test(name) &&
  name !== '' &&
  Buffer.byteLength(name) <= MAX_NAME_BYTES;

/** The bytes to seal, which the caller releases. */
export const formatVaultEntry = (name: string, loggedInAtUnixMs: number, key: Uint8Array): SecretBytes => {
  const text = Buffer.from(name);
  const plain = SecretBytes.allocate(LENGTH_BYTES + text.length + TIME_BYTES + key.length);
  plain.bytes.writeUInt16BE(text.length);
  plain.bytes.set(text, LENGTH_BYTES);
  plain.bytes.writeBigUInt64BE(BigInt(loggedInAtUnixMs), LENGTH_BYTES + text.length);
  plain.bytes.set(key, LENGTH_BYTES + text.length + TIME_BYTES);
  return plain;
};

/** Reads what {@link formatVaultEntry} made, and takes it over. */
export const parseVaultEntry = (plain: SecretBytes): VaultEntry => {
  const timeAt = LENGTH_BYTES + plain.bytes.readUInt16BE();
  const name = plain.bytes.toString('utf8', LENGTH_BYTES, timeAt);
  const loggedInAtUnixMs = Number(plain.bytes.readBigUInt64BE(timeAt));
  return { name, loggedInAtUnixMs, key: plain.dropFront(timeAt + TIME_BYTES) };
};

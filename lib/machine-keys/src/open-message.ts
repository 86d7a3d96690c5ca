// Opens what was encrypted to a machine: the short way for what is usual, by the library for everything else.

import { openPlain, type PlainKeys, readPlainKeys } from './plain-openpgp.ts';

/**
 * Decrypts a message to exactly the bytes that were encrypted; the caller wipes them. Throws MachineKeysError saying what is wrong with
 * it, never with anything of it.
 */
export type OpenMessage = (message: Uint8Array) => Promise<Buffer>;

const byLibrary = async (armored: string): Promise<OpenMessage> => {
  const { openMessage, readSecretKey } = await import('./open-with-library.ts');
  const key = await readSecretKey(armored);
  return (message) => openMessage(message, key);
};

/** Reads seckey.txt. Throws MachineKeysError if it holds no secret key. */
export const readOpener = async (armored: string): Promise<OpenMessage> => {
  const keys: PlainKeys | undefined = readPlainKeys(armored);
  if (keys === undefined) return await byLibrary(armored);
  return async (message) => openPlain(message, keys) ?? (await (await byLibrary(armored))(message));
};

// The keys that this machine asks with. Without usable keys nothing can be asked for, ever: that ends the program.

import { readFile } from 'node:fs/promises';
import { GnutlsMissingError, RawKey } from '@chatelaine/rawtls';
import { EndedError, exitCode } from '../exit-code.ts';

const MAX_BYTES = 1_048_576;

const readKeyFile = async (file: string): Promise<Buffer> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new EndedError(exitCode.unavailable, `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (bytes.length > MAX_BYTES) throw new EndedError(exitCode.unavailable, `${file} is too large for a key`);
  return bytes;
};

/** Loads the TLS key. Throws {@link EndedError} naming the file. */
export const loadTlsKey = async (publicKeyFile: string, privateKeyFile: string): Promise<RawKey> => {
  const [publicKey, privateKey] = await Promise.all([readKeyFile(publicKeyFile), readKeyFile(privateKeyFile)]);
  try {
    return RawKey.load(publicKey, privateKey);
  } catch (error) {
    if (error instanceof GnutlsMissingError) throw new EndedError(exitCode.unavailable, error.message);
    throw new EndedError(exitCode.unavailable, `${publicKeyFile} and ${privateKeyFile} are not a key pair`);
  } finally {
    privateKey.fill(0);
  }
};

/** What opens messages that are encrypted to this machine. Throws what says what is wrong with a message. */
export type OpenMessage = (message: Uint8Array) => Promise<Buffer>;

/** Loads the OpenPGP key. Throws {@link EndedError} naming the file. */
export const loadOpener = async (secretKeyFile: string): Promise<OpenMessage> => {
  const bytes = await readKeyFile(secretKeyFile);
  const { openMessage, readSecretKey } = await import('@chatelaine/machine-keys/open-message');
  try {
    const key = await readSecretKey(bytes.toString('latin1'));
    return (message) => openMessage(message, key);
  } catch {
    throw new EndedError(exitCode.unavailable, `${secretKeyFile} is not an OpenPGP secret key`);
  } finally {
    bytes.fill(0);
  }
};

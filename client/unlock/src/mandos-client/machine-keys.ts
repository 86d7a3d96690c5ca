// The keys that this machine asks with. Without usable keys nothing can be asked for, ever: that ends the program.

import { readFileSync } from 'node:fs';
import type { OpenMessage } from '@chatelaine/machine-keys/open-message';
import { GnutlsMissingError, RawKey } from '@chatelaine/rawtls';
import { EndedError, exitCode } from '../exit-code.ts';

const MAX_BYTES = 1_048_576;

const readKeyFile = (file: string): Buffer => {
  let bytes: Buffer;
  try {
    // At once: a turn through the thread pool takes longer than such a file.
    bytes = readFileSync(file);
  } catch (error) {
    throw new EndedError(exitCode.unavailable, `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (bytes.length > MAX_BYTES) throw new EndedError(exitCode.unavailable, `${file} is too large for a key`);
  return bytes;
};

/** Loads the TLS key. Throws {@link EndedError} naming the file. */
export const loadTlsKey = (publicKeyFile: string, privateKeyFile: string): RawKey => {
  const [publicKey, privateKey] = [readKeyFile(publicKeyFile), readKeyFile(privateKeyFile)];
  try {
    return RawKey.load(publicKey, privateKey);
  } catch (error) {
    if (error instanceof GnutlsMissingError) throw new EndedError(exitCode.unavailable, error.message);
    throw new EndedError(exitCode.unavailable, `${publicKeyFile} and ${privateKeyFile} are not a key pair`);
  } finally {
    privateKey.fill(0);
  }
};

/** Loads the OpenPGP key. Throws {@link EndedError} naming the file. */
export const loadOpener = async (secretKeyFile: string): Promise<OpenMessage> => {
  const bytes = readKeyFile(secretKeyFile);
  const { readOpener } = await import('@chatelaine/machine-keys/open-message');
  try {
    return await readOpener(bytes.toString('latin1'));
  } catch (error) {
    if ((error as Error).name !== 'MachineKeysError') throw error;
    throw new EndedError(exitCode.unavailable, `${secretKeyFile} is not an OpenPGP secret key`);
  } finally {
    bytes.fill(0);
  }
};

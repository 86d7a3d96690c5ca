// The directory that holds the four key files of one machine, as mandos-keygen leaves it. A set is written whole, or what
// was there stays.

import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keyIdOfPem } from './key-id.ts';
import { MachineKeysError } from './machine-keys-error.ts';
import { keyFileNames, type MachineKeys } from './make-keys.ts';

const MAX_KEY_FILE_BYTES = 1_048_576;

/** What is known of a machine's keys without its private ones, except to sign. */
export interface PublicKeys {
  readonly keyId: string;
  /** The text of pubkey.txt. */
  readonly publicKey: string;
  /** The text of seckey.txt, if it may be read. */
  readonly secretKey?: string;
}

const readText = async (path: string): Promise<string | undefined> => {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      if (size > MAX_KEY_FILE_BYTES) throw new MachineKeysError(`${path} is too large for a key.`);
      return await readFile(file, 'utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES' && path.endsWith('seckey.txt')) return undefined;
    throw code === undefined ? error : new MachineKeysError(`${path} cannot be read: ${code}.`);
  }
};

/** Which of the four files are there. */
export const keyFilesIn = async (directory: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const name of keyFileNames) if ((await readText(join(directory, name))) !== undefined) found.push(name);
  return found;
};

/** Reads the keys that mandos-keygen, or an enrolment of ours, made there. */
export const readKeyDirectory = async (directory: string): Promise<PublicKeys> => {
  const publicKey = await readText(join(directory, 'pubkey.txt'));
  const tlsPublicKey = await readText(join(directory, 'tls-pubkey.pem'));
  const secretKey = await readText(join(directory, 'seckey.txt'));
  if (publicKey === undefined) throw new MachineKeysError(`${directory} has no pubkey.txt.`);
  if (tlsPublicKey === undefined) {
    throw new MachineKeysError(`${directory} has no tls-pubkey.pem.`, 'Make it with: mandos-keygen (1.8 or newer)');
  }
  const keyId = keyIdOfPem(tlsPublicKey);
  if (keyId === undefined) throw new MachineKeysError(`${join(directory, 'tls-pubkey.pem')} is no public key in PEM.`);
  return { keyId, publicKey, ...(secretKey !== undefined && { secretKey }) };
};

/** Reads what it takes to encrypt for the machine; its TLS key is not needed for that. */
export const readEncryptionKeys = async (directory: string): Promise<Omit<PublicKeys, 'keyId'>> => {
  const publicKey = await readText(join(directory, 'pubkey.txt'));
  const secretKey = await readText(join(directory, 'seckey.txt'));
  if (publicKey === undefined) throw new MachineKeysError(`${directory} has no pubkey.txt.`);
  return { publicKey, ...(secretKey !== undefined && { secretKey }) };
};

/** The texts of all four files. */
export const readKeyFiles = async (directory: string): Promise<MachineKeys> => {
  const read = async (name: keyof MachineKeys): Promise<string> => {
    const text = await readText(join(directory, name));
    if (text === undefined) throw new MachineKeysError(`${directory} has no ${name} that may be read.`);
    return text;
  };
  return {
    'seckey.txt': await read('seckey.txt'),
    'pubkey.txt': await read('pubkey.txt'),
    'tls-privkey.pem': await read('tls-privkey.pem'),
    'tls-pubkey.pem': await read('tls-pubkey.pem'),
  };
};

/** Writes the files with mode 0600, durably, replacing what is there; makes the directory, 0700, if it is not there. */
export const writeKeyDirectory = async (directory: string, keys: MachineKeys): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of keyFileNames) {
      await using file = await open(join(directory, `${name}.new`), 'w', 0o600);
      await file.chmod(0o600);
      await file.writeFile(keys[name]);
      await file.sync();
    }
    for (const name of keyFileNames) await rename(join(directory, `${name}.new`), join(directory, name));
    await using opened = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    await opened.sync();
  } catch (error) {
    for (const name of keyFileNames) await rm(join(directory, `${name}.new`), { force: true }).catch(() => undefined);
    throw new MachineKeysError(`The keys cannot be written to ${directory}: ${(error as NodeJS.ErrnoException).code}.`);
  }
};

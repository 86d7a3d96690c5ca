// The key material of the lockable keyring, in a file of one's own: the kernel forgets everything at a reboot, the pass phrase and the
// public key stay. The file pins the public key: whoever else could write it could read what is stored next.

import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isMaterial } from '@chatelaine/keyring/sealed';
import { Failure } from '../failure.ts';

/** `$XDG_CONFIG_HOME/chatelaine/keyring.material` */
export const materialPath = (): string =>
  join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'chatelaine', 'keyring.material');

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown reason';

/** Undefined if there is none. */
export const readMaterialFile = (): Buffer | undefined => {
  const path = materialPath();
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Failure('configuration', `${path} cannot be read: ${codeOf(error)}.`);
  }
  try {
    const { uid, mode } = fstatSync(descriptor);
    if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) {
      throw new Failure('configuration', `${path} can be changed by others than you: chmod 600 ${path}`);
    }
    const material = readFileSync(descriptor);
    if (!isMaterial(material)) throw new Failure('configuration', `${path} is not the key material of a keyring.`);
    return material;
  } finally {
    closeSync(descriptor);
  }
};

/** Writes it so that it is there as a whole or not at all, also after a power cut. */
export const writeMaterialFile = (material: Uint8Array): void => {
  const path = materialPath();
  const unfinished = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const descriptor = openSync(unfinished, 'wx', 0o600);
    try {
      writeSync(descriptor, material);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, path);
    const directory = openSync(dirname(path), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (error) {
    throw new Failure('configuration', `${path} cannot be written: ${codeOf(error)}.`);
  }
};

// `chatelaine-unlock keygen`: the keys of this machine, in the place of mandos-keygen. Existing keys are never replaced unasked.

import { closeSync, openSync, readSync } from 'node:fs';
import {
  encryptPassword,
  fingerprintOf,
  formatStanza,
  keyFilesIn,
  MachineKeysError,
  makeKeys,
  readKeyDirectory,
  writeKeyDirectory,
} from '@chatelaine/machine-keys';
import { EndedError, exitCode } from '../exit-code.ts';
import type { RunSubcommand } from '../subcommands.ts';
import { say } from '../words.ts';
import { rotateKeys } from './rotate-keys.ts';
import { KEYGEN_HELP, type KeygenSettings, readKeygenSettings } from './settings.ts';

const MAX_PASSWORD_BYTES = 65_536;

const STDIN = 0;

const readPassword = (file: string): Buffer => {
  const whole = Buffer.allocUnsafeSlow(MAX_PASSWORD_BYTES + 1);
  let descriptor = STDIN;
  try {
    // Not by a name such as /dev/stdin: a socket cannot be opened by one.
    if (file !== '-') descriptor = openSync(file, 'r');
    let size = 0;
    for (;;) {
      const bytesRead = readSync(descriptor, whole, size, whole.length - size, null);
      if (bytesRead === 0) break;
      size += bytesRead;
      if (size > MAX_PASSWORD_BYTES) throw new EndedError(exitCode.failed, `${file} is too large for a password`);
    }
    const password = Buffer.allocUnsafeSlow(size);
    whole.copy(password, 0, 0, size);
    return password;
  } catch (error) {
    if (error instanceof EndedError) throw error;
    throw new EndedError(exitCode.failed, `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  } finally {
    whole.fill(0);
    if (descriptor !== STDIN) closeSync(descriptor);
  }
};

const makeNewKeys = async ({ directory, name, kind, isForced }: KeygenSettings): Promise<void> => {
  const [found] = await keyFilesIn(directory);
  if (found !== undefined && !isForced) {
    const hint = '--force replaces the keys; --rotate makes new ones beside them';
    throw new EndedError(exitCode.failed, `${directory}/${found} is there already`, hint);
  }
  await writeKeyDirectory(directory, await makeKeys(name, kind));
  say(`new keys are in ${directory}`);
};

const printStanza = async ({ directory, name }: KeygenSettings, passwordFile: string): Promise<void> => {
  const keys = await readKeyDirectory(directory);
  const password = readPassword(passwordFile);
  try {
    const secret = await encryptPassword(password, keys);
    const fingerprint = await fingerprintOf(keys.publicKey);
    process.stdout.write(formatStanza({ name, keyId: keys.keyId, fingerprint, secret }));
  } finally {
    password.fill(0);
  }
};

export const runKeygen: RunSubcommand = async (words) => {
  const read = readKeygenSettings(words);
  if (read.kind === 'help') {
    process.stdout.write(KEYGEN_HELP);
    return exitCode.done;
  }
  if (read.kind === 'wrong') throw new EndedError(exitCode.usage, read.message, 'chatelaine-unlock keygen --help');
  const { settings } = read;
  try {
    if (settings.isRotation) return await rotateKeys(settings);
    if (settings.passwordFile !== undefined) await printStanza(settings, settings.passwordFile);
    else await makeNewKeys(settings);
    return exitCode.done;
  } catch (error) {
    if (error instanceof MachineKeysError) throw new EndedError(exitCode.failed, error.message, error.hint);
    throw error;
  }
};

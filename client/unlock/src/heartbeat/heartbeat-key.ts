// The key of the heartbeat: Ed25519, in a file of the running system. It belongs on the encrypted disk and never into a boot image:
// whoever has it can keep a stolen machine alive.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EndedError, exitCode } from '../exit-code.ts';

/** Reads it. Throws {@link EndedError}. */
export const readHeartbeatKey = async (file: string): Promise<KeyObject> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const hint = code === 'ENOENT' ? 'chatelaine-unlock heartbeat --enrol makes it' : undefined;
    throw new EndedError(exitCode.file, `${file} cannot be read: ${code}`, hint);
  }
  try {
    const key = createPrivateKey(bytes);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below.
  } finally {
    bytes.fill(0);
  }
  throw new EndedError(exitCode.file, `${file} is not an Ed25519 private key`);
};

/** Makes it, 0600, durably, unless there is one. */
export const makeHeartbeatKey = async (file: string): Promise<void> => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(bytes);
    await handle.sync();
    await using directory = await open(dirname(file));
    await directory.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new EndedError(exitCode.file, `${file} cannot be made: ${code}`);
  } finally {
    bytes.fill(0);
  }
};

/** The public half, PEM. */
export const publicHalf = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();

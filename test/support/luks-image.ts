// A LUKS2 image that opens fast. Neither root nor device-mapper is needed to make one. cryptsetup-luksFormat(8)

import { runToSuccess } from './run-program.ts';

/** Parameters that hash a pass phrase cheaply: what is tested is not how hard it is to guess. */
const cheap = ['--pbkdf', 'argon2id', '--pbkdf-memory', '32', '--pbkdf-parallel', '1', '--pbkdf-force-iterations', '4'];

/** Makes an empty one of 20 MiB, opened by exactly these bytes. */
export const makeLuksImage = async (file: string, key: Uint8Array): Promise<void> => {
  await runToSuccess('truncate', ['-s', '20M', file]);
  await runToSuccess('cryptsetup', ['luksFormat', '-q', '--type', 'luks2', ...cheap, '--key-file', '-', file], {
    input: key,
  });
};

/** Encrypts an image with a file system in place; 16 MiB of room must be left at its end. */
export const encryptImage = async (file: string, key: Uint8Array): Promise<void> => {
  const how = ['--encrypt', '--type', 'luks2', '--reduce-device-size', '16M', '--force-offline-reencrypt'];
  await runToSuccess('cryptsetup', ['reencrypt', '-q', ...how, ...cheap, '--key-file', '-', file], { input: key });
};

// Looks at a file that was named before anybody is asked for a secret.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failure } from '../failure.ts';

/** Ends the command if it is no file that can be read. */
export const requireReadable = async (path: string): Promise<void> => {
  try {
    await using file = await open(path, constants.O_RDONLY);
    if ((await file.stat()).isFile()) return;
  } catch (error) {
    throw new Failure('input', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  throw new Failure('input', `${path} is not a file.`);
};

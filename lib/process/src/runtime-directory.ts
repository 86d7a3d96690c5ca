// The directories a process needs, made while it is still root. Invariant: a directory of ours belongs to its account, has
// exactly its mode, and no symbolic link can turn a change of owner against another file.

import { closeSync, constants, fchmodSync, fchownSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Account } from './account.ts';

/** Parents that are missing belong to whoever starts the process, and may be passed through by all. */
const makeParents = (directory: string): void => {
  const parent = path.dirname(directory);
  if (parent === directory) return;
  makeParents(parent);
  makeDirectory(parent, 0o755);
};

/** Makes it with exactly that mode, whatever the umask; one that is there is left as it is. */
const makeDirectory = (directory: string, mode: number): void => {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  withDirectory(directory, (descriptor) => fchmodSync(descriptor, mode));
};

const withDirectory = (directory: string, act: (descriptor: number) => void): void => {
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    act(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const prepare = (directory: string, { uid, gid }: Account, mode: number): string => {
  if (!path.isAbsolute(directory)) throw new TypeError('a directory of the house has an absolute path');
  makeParents(directory);
  makeDirectory(directory, mode);
  withDirectory(directory, (descriptor) => {
    const now = fstatSync(descriptor);
    const isRoot = process.geteuid?.() === 0;
    // Root takes over only what root made: a directory of another account stays what it is, and is refused.
    if (now.uid !== uid && !(isRoot && now.uid === 0)) throw new Error(`${directory} belongs to another account`);
    if (now.uid !== uid || now.gid !== gid) fchownSync(descriptor, uid, gid);
    if ((now.mode & 0o7777) !== mode) fchmodSync(descriptor, mode);
  });
  return directory;
};

/**
 * Makes the directory for a process's socket and PID file, 0755 and its account's own (a process that gave up root can remove
 * its socket only there), with the parents that are missing. One that is there is corrected.
 *
 * @returns the path. Throws if it is a link, no directory, or another account's.
 */
export const preparedRuntimeDirectory = (directory: string, owner: Account): string => prepare(directory, owner, 0o755);

/** As {@link preparedRuntimeDirectory}, but 0700: for what nobody else may even list. */
export const preparedPrivateDirectory = (directory: string, owner: Account): string => prepare(directory, owner, 0o700);

// Puts a store in the place of another, for a restore: nobody has either open, and what was there before is kept beside.

import { linkSync, renameSync, rmSync } from 'node:fs';
import { connectReader } from './connect.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import { StoreError } from './store-error.ts';
import { isTaken, lockStore, syncDirectoryOf, syncPath } from './store-file.ts';

/** Looks at every page of a store that nobody has open. Throws StoreError `damaged`. */
export const checkStoreFile = (path: string): void => {
  try {
    const db = connectReader(path);
    try {
      const found = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
      if (found !== 'ok') throw new StoreError('damaged', `${path}: ${String(found)}`);
    } finally {
      db.close();
    }
  } catch (error) {
    throw storeErrorOf(error, path);
  }
};

/** Throws StoreError `busy` if a process has the store at `path` open. */
export const checkStoreClosed = (path: string): void => {
  if (isTaken(path)) lockStore(path).close();
};

const freeName = (path: string): string => {
  for (let number = 1; ; number++) if (!isTaken(`${path}.replaced-${number}`)) return `${path}.replaced-${number}`;
};

/**
 * Moves the closed store at `from` to `path`, on the same file system; durable when it returns. What lay there, with its log,
 * is moved to the name that comes back. Throws StoreError `busy` if a process has the store at `path` open.
 */
export const installStore = (from: string, path: string): string | undefined => {
  const lock = lockStore(path);
  try {
    syncPath(from);
    let replaced: string | undefined;
    if (isTaken(path)) {
      replaced = freeName(path);
      // A second name first: a kill leaves the old store in its place, or the new one.
      linkSync(path, replaced);
      if (isTaken(`${path}-wal`)) renameSync(`${path}-wal`, `${replaced}-wal`);
    }
    // The log of another store must never be taken for that of the new one.
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    syncDirectoryOf(path);
    renameSync(from, path);
    syncDirectoryOf(path);
    return replaced;
  } catch (error) {
    throw storeErrorOf(error, path);
  } finally {
    lock.close();
  }
};

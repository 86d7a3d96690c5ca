// What can be said about a store by looking at its file, before SQLite opens it, and the lock that lets one process have it.
// SQLite takes an empty file for a new database; here a file that was cut to nothing is damage.
//
// Nobody may open and close the database file by itself while SQLite has it open in the same process: POSIX would drop
// SQLite's locks. So the file is looked at only after the lock was taken, and by nobody else.

import { closeSync, fstatSync, fsyncSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { APPLICATION_ID } from './format.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import { StoreError } from './store-error.ts';

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');

/** Makes the names in a directory durable. */
export const syncDirectoryOf = (path: string): void => syncPath(dirname(path));

/** Makes the contents of a file or directory durable. */
export const syncPath = (path: string): void => {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** Whether something has this name, dangling links included. */
export const isTaken = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Makes an empty file with mode 0600; throws EEXIST if the name is taken. */
export const makePrivateFile = (path: string): void => closeSync(openSync(path, 'wx', 0o600));

/**
 * Takes the lock of a store: an exclusive lock of SQLite on an empty file beside it, which ends with the process however that
 * ends. Throws StoreError `busy` if another process, or this one, has it.
 */
export const lockStore = (path: string): DatabaseSync => {
  const lockPath = `${path}-lock`;
  try {
    if (!isTaken(lockPath)) makePrivateFile(lockPath);
  } catch (error) {
    const failure = storeErrorOf(error, path);
    if (failure.code !== 'already-exists') throw failure;
  }
  const lock = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    const failure = storeErrorOf(error, path);
    if (failure.code !== 'busy') throw failure;
    throw new StoreError('busy', `${path} is open in another process`);
  }
  return lock;
};

const readHeader = (path: string): { readonly header: Buffer; readonly sizeBytes: number } => {
  const fd = openSync(path, 'r');
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new StoreError('damaged', `${path} is not a file`);
    const header = Buffer.alloc(100);
    const length = readSync(fd, header, 0, 100, 0);
    return { header: header.subarray(0, length), sizeBytes: stat.size };
  } finally {
    closeSync(fd);
  }
};

/**
 * Looks at the file and returns its format version. Throws StoreError `not-found`, or `damaged` if it is not a store or was
 * cut off. The lock is taken.
 */
export const inspectStoreFile = (path: string): number => {
  if (!isTaken(path)) throw new StoreError('not-found', `there is no store at ${path}`);
  const { header, sizeBytes } = readHeader(path);
  if (sizeBytes === 0) throw new StoreError('damaged', `${path} is empty: it was cut off, or never was a store`);
  if (header.length < 100 || !header.subarray(0, 16).equals(MAGIC) || header.readUInt32BE(68) !== APPLICATION_ID) {
    throw new StoreError('damaged', `${path} is not a Chatelaine store`);
  }
  const stored = header.readUInt16BE(16);
  const pageBytes = stored === 1 ? 65_536 : stored;
  // With a log beside it the file may lag behind its header: a kill in a checkpoint. SQLite then takes the pages from the log.
  const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const isWhole = pageBytes >= 512 && sizeBytes % pageBytes === 0 && sizeBytes >= header.readUInt32BE(28) * pageBytes;
  if (!isWhole && !hasLog) throw new StoreError('damaged', `${path} is cut off`);
  return header.readUInt32BE(60);
};

// Turns what SQLite throws into what a store says. Only a full disk is something to wait for; a damaged page concerns those who
// touch it; any other failure to write means that nothing more can be promised.

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { StoreError, type StoreErrorCode } from './store-error.ts';

const SQLITE = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;
/** The shared-memory file could not grow: a full disk. */
const IOERR_SHMSIZE = 4_874;
const IOERR_WRITE = 778;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The number of SQLite, with its extension; undefined if it was not SQLite that threw. */
const sqliteNumber = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;

const codeOfSystemError = (error: unknown): StoreErrorCode | undefined => {
  if (!(error instanceof Error && 'code' in error)) return undefined;
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'not-found';
    case 'EEXIST':
      return 'already-exists';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'denied';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'disk-full';
    default:
      return undefined;
  }
};

const codeOfSqliteNumber = (errcode: number): StoreErrorCode => {
  if (errcode === IOERR_SHMSIZE) return 'disk-full';
  switch (errcode & 0xff) {
    case SQLITE.busy:
      return 'busy';
    case SQLITE.readOnly:
    case SQLITE.cannotOpen:
      return 'denied';
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return 'damaged';
    case SQLITE.full:
      return 'disk-full';
    default:
      return 'internal';
  }
};

/** Whether a small file cannot be written beside `path` for want of space: SQLite does not tell a quota from a broken disk. */
const isOutOfSpace = (path: string): boolean => {
  const probe = `${path}-probe`;
  try {
    const fd = openSync(probe, 'w', 0o600);
    try {
      writeSync(fd, Buffer.alloc(65_536));
    } finally {
      closeSync(fd);
    }
    return false;
  } catch (error) {
    return codeOfSystemError(error) === 'disk-full';
  } finally {
    rmSync(probe, { force: true });
  }
};

/** The error as a {@link StoreError} that names the file. One that is a StoreError already stays. */
export const storeErrorOf = (error: unknown, path: string): StoreError => {
  if (error instanceof StoreError) return error;
  const errcode = sqliteNumber(error);
  let code = errcode === undefined ? (codeOfSystemError(error) ?? 'internal') : codeOfSqliteNumber(errcode);
  if (errcode === IOERR_WRITE && isOutOfSpace(path)) code = 'disk-full';
  return new StoreError(code, `${path}: ${messageOf(error)}`, { cause: error });
};

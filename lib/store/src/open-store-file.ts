// The way from a path to the one writable connection, or to a clear reason why not. Nothing here takes longer with more
// records, but a migration: the header, the schema, the few rows about the store itself, and the log a crash left behind.

import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { connectWriter } from './connect.ts';
import { createStoreFile, isStorePurpose, type StoreIdentity, type StorePurpose } from './create-store-file.ts';
import { checkSchema, FORMAT_VERSION } from './format.ts';
import { migrateStoreFile, migrations } from './migrate-store-file.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import { StoreError } from './store-error.ts';
import { inspectStoreFile, isTaken, lockStore } from './store-file.ts';

export interface OpenRequest {
  readonly path: string;
  /** Makes a new store with this identity first. */
  readonly create?: StoreIdentity;
  /** Refuses a store of another purpose. */
  readonly purpose?: StorePurpose;
}

export interface OpenedStoreFile extends StoreIdentity {
  readonly db: DatabaseSync;
  /** Held until it is closed. */
  readonly lock: DatabaseSync;
  readonly revision: number;
  /** Bytes of the log that a crash left. */
  readonly recoveredBytes: number;
  /** The format that was migrated from. */
  readonly migratedFrom?: number;
}

const migrateIfOlder = (path: string): number | undefined => {
  const version = inspectStoreFile(path);
  if (version > FORMAT_VERSION) {
    throw new StoreError(
      'unsupported-format',
      `${path} has format ${version}; this version knows ${FORMAT_VERSION} and older`,
    );
  }
  if (version === FORMAT_VERSION) return undefined;
  migrateStoreFile({ path, from: version, to: FORMAT_VERSION, migrations });
  return version;
};

const readIdentity = (db: DatabaseSync, path: string): StoreIdentity & { readonly revision: number } => {
  checkSchema(db);
  const meta = db.prepare('SELECT value FROM meta WHERE name = ?');
  const id = meta.get('id')?.['value'];
  const purpose = meta.get('purpose')?.['value'];
  const head = db.prepare('SELECT number FROM head WHERE name = ?');
  const revision = head.get('revision')?.['number'];
  const token = head.get('lease-token')?.['number'];
  const isComplete = typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) && isStorePurpose(purpose);
  if (!isComplete || typeof revision !== 'number' || typeof token !== 'number') {
    throw new StoreError('damaged', `${path}: what the store says about itself is missing`);
  }
  return { id, purpose, revision };
};

/** Writes the log into the file, so that what was not surely synced before a crash is, and looks whether the file is whole. */
const mergeLog = (db: DatabaseSync, path: string): void => {
  db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
  const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  if (statSync(path).size < pages * pageBytes) throw new StoreError('damaged', `${path} is cut off`);
};

const connect = (request: OpenRequest, lock: DatabaseSync): OpenedStoreFile => {
  const { path } = request;
  const migratedFrom = migrateIfOlder(path);
  const recoveredBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const db = connectWriter(path);
  try {
    const identity = readIdentity(db, path);
    if (request.purpose !== undefined && request.purpose !== identity.purpose) {
      throw new StoreError('wrong-purpose', `${path} was made for ${identity.purpose}`);
    }
    try {
      mergeLog(db, path);
    } catch (error) {
      // With a full disk the log stays; reads work, and writes as soon as there is room.
      if (storeErrorOf(error, path).code !== 'disk-full') throw error;
    }
    return { db, lock, ...identity, recoveredBytes, ...(migratedFrom === undefined ? {} : { migratedFrom }) };
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Opens, or first makes, the store. Throws StoreError; a file that is refused is left as it is. */
export const openStoreFile = (request: OpenRequest): OpenedStoreFile => {
  const { path, create } = request;
  let lock: DatabaseSync | undefined;
  try {
    if (create === undefined && !isTaken(path)) throw new StoreError('not-found', `there is no store at ${path}`);
    lock = lockStore(path);
    if (create !== undefined) createStoreFile(path, create);
    return connect(request, lock);
  } catch (error) {
    lock?.close();
    throw storeErrorOf(error, path);
  }
};

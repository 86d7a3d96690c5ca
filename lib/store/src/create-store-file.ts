// A new store appears complete or not at all: it is made under another name, synced, and then linked to its own, which fails
// if that is taken. So no kill and no mistake ever leaves or makes an empty store in place of one with keys.

import { linkSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { writeSchema } from './format.ts';
import { StoreError } from './store-error.ts';
import { isTaken, makePrivateFile, syncDirectoryOf, syncPath } from './store-file.ts';

/** `development` marks a store for trying out, for good. */
export type StorePurpose = 'production' | 'development';

/** Whether a stored word is a purpose. */
export const isStorePurpose = (word: unknown): word is StorePurpose => word === 'production' || word === 'development';

/** What a new store is told once. */
export interface StoreIdentity {
  /** 32 hex digits. */
  readonly id: string;
  readonly purpose: StorePurpose;
}

const fillNewStore = (path: string, { id, purpose }: StoreIdentity): void => {
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA journal_mode = MEMORY; PRAGMA page_size = 4096; BEGIN');
    writeSchema(db);
    const meta = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
    meta.run('id', id);
    meta.run('purpose', purpose);
    const head = db.prepare('INSERT INTO head (name, number) VALUES (?, 0)');
    head.run('revision');
    head.run('lease-token');
    db.exec('COMMIT');
  } finally {
    db.close();
  }
};

/** Makes a new store at `path`, mode 0600. Throws StoreError `already-exists`, or what the file system throws. */
export const createStoreFile = (path: string, identity: StoreIdentity): void => {
  if (isTaken(path)) throw new StoreError('already-exists', `${path} exists already`);
  if (isTaken(`${path}-wal`)) {
    throw new StoreError('already-exists', `${path}-wal is the log of a store that is missing; move it away first`);
  }
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  makePrivateFile(unfinished);
  fillNewStore(unfinished, identity);
  syncPath(unfinished);
  linkSync(unfinished, path);
  rmSync(unfinished);
  syncDirectoryOf(path);
};

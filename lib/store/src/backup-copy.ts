// A consistent copy while commits go on: VACUUM INTO reads one moment of the store through a connection of its own. The copy
// gets its name only when it is complete and synced.

import { linkSync, rmSync, statSync } from 'node:fs';
import { connectReader } from './connect.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import { StoreError } from './store-error.ts';
import { isTaken, makePrivateFile, syncDirectoryOf, syncPath } from './store-file.ts';

const copyInto = (source: string, target: string): void => {
  const db = connectReader(source);
  try {
    db.prepare('VACUUM INTO ?').run(target);
  } finally {
    db.close();
  }
};

const revisionOf = (path: string): number => {
  const db = connectReader(path);
  try {
    return Number(db.prepare('SELECT number FROM head WHERE name = ?').get('revision')?.['number']);
  } finally {
    db.close();
  }
};

/** Copies the open store at `source` to a new file. Throws StoreError; nothing is left at `target` then. */
export const copyStore = (
  source: string,
  target: string,
): { readonly revision: number; readonly sizeBytes: number } => {
  const unfinished = `${target}.partial`;
  try {
    if (isTaken(target)) throw new StoreError('already-exists', `${target} exists already`);
    rmSync(unfinished, { force: true });
    makePrivateFile(unfinished);
    copyInto(source, unfinished);
    const revision = revisionOf(unfinished);
    syncPath(unfinished);
    linkSync(unfinished, target);
    rmSync(unfinished);
    syncDirectoryOf(target);
    return { revision, sizeBytes: statSync(target).size };
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw storeErrorOf(error, target);
  }
};

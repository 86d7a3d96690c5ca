// An older format is brought up to date on a copy. Until the rename the old store is whole and of its old format; after it
// the new one is. A kill at any point leaves one of the two, and a leftover copy that the next attempt removes.

import { chmodSync, constants, copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store-error.ts';
import { isTaken, makePrivateFile, syncDirectoryOf, syncPath } from './store-file.ts';

/** One step from `from` to the version after it. `run` changes tables and rows inside a transaction of the caller. */
export interface Migration {
  readonly from: number;
  readonly run: (db: DatabaseSync) => void;
}

/** The migrations of this version: none yet, the first format is the current one. */
export const migrations: readonly Migration[] = [];

/** Points at which a test can kill, in this order; `migrated` comes once a migration. */
export type MigrationStep = 'log-merged' | 'copied' | 'migrated' | 'checked' | 'synced' | 'renamed';

export interface MigrationPlan {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly migrations: readonly Migration[];
  readonly onStep?: (step: MigrationStep) => void;
}

/** Writes the log of the old store into its file; otherwise the log would be taken for that of the new file. */
const mergeLog = (path: string): void => {
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA synchronous = FULL');
    db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  } finally {
    db.close();
  }
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new StoreError('busy', `${path} is read by another process; its log cannot be merged`);
  }
  syncPath(path);
};

const removeCopy = (copy: string): void => {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
};

const migrateCopy = (copy: string, plan: MigrationPlan): void => {
  const db = new DatabaseSync(copy);
  try {
    db.exec(
      'PRAGMA trusted_schema = OFF; PRAGMA journal_mode = DELETE; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY',
    );
    for (let version = plan.from; version < plan.to; version++) {
      const migration = plan.migrations.find(({ from }) => from === version);
      if (migration === undefined)
        throw new StoreError('unsupported-format', `format ${version} can no longer be read`);
      db.exec('BEGIN');
      migration.run(db);
      db.exec(`PRAGMA user_version = ${version + 1}; COMMIT`);
      plan.onStep?.('migrated');
    }
    const { integrity_check: verdict } = db.prepare('PRAGMA integrity_check').get() ?? {};
    if (verdict !== 'ok') throw new StoreError('damaged', `${plan.path}: ${String(verdict)}`);
  } finally {
    db.close();
  }
  plan.onStep?.('checked');
};

/**
 * Brings the store at `path` from one format to another; the caller has its lock and nobody has it open. Needs room for a
 * second copy. Throws StoreError `unsupported-format` or `damaged`, or what SQLite and the file system throw; the old store
 * is then as it was.
 */
export const migrateStoreFile = (plan: MigrationPlan): void => {
  const { path, onStep } = plan;
  const copy = `${path}.migrating`;
  removeCopy(copy);
  mergeLog(path);
  onStep?.('log-merged');
  try {
    makePrivateFile(copy);
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    chmodSync(copy, 0o600);
    onStep?.('copied');
    migrateCopy(copy, plan);
    syncPath(copy);
    onStep?.('synced');
    if (isTaken(`${path}-wal`)) throw new StoreError('busy', `${path} was opened by another process meanwhile`);
    renameSync(copy, path);
  } catch (error) {
    removeCopy(copy);
    throw error;
  }
  syncDirectoryOf(path);
  onStep?.('renamed');
};

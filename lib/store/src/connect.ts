// How the file is opened. The one writable connection answers for durability: in WAL mode with synchronous = FULL a COMMIT
// returns only after the log was synced. Checkpoints are made by hand, since the automatic ones hide a failed sync.

import { DatabaseSync } from 'node:sqlite';

const BUSY_TIMEOUT_MS = 5_000;

/** Opens the only connection that writes; the caller has the lock of the store. Throws what SQLite throws. */
export const connectWriter = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  db.exec(`
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA secure_delete = ON;
    PRAGMA cache_size = -2000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864`);
  return db;
};

/** Opens a connection that cannot write, for reads and copies while the writer works. Throws what SQLite throws. */
export const connectReader = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  db.exec(`
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -2000`);
  return db;
};

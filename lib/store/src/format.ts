// The on-disk format, version 1: which tables a store has and nothing else. Described in docs/formats/store.md. A file whose
// schema differs in a single character is not opened: a trigger or view put into it would run inside our transactions.

import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store-error.ts';

/** `Chat`, in the header of the file. */
export const APPLICATION_ID = 0x43_68_61_74;
/** The version this code writes. */
export const FORMAT_VERSION = 1;

/** The name, table and SQL of everything in the file, as SQLite keeps it. */
const schema = {
  meta: 'CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
  head: 'CREATE TABLE head (name TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB) STRICT, WITHOUT ROWID',
  record:
    'CREATE TABLE record (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL, revision INTEGER NOT NULL) STRICT',
  audit: 'CREATE TABLE audit (position INTEGER PRIMARY KEY, hash BLOB NOT NULL, payload BLOB NOT NULL) STRICT',
} as const;

const LANE_WIDTH = 2 ** 44;

/** Where a record of the audit chain stands: lane × 2^44 + sequence, a safe integer. */
export const auditPosition = (lane: number, sequence: number): number => lane * LANE_WIDTH + sequence;

/** The other way round. */
export const auditPlace = (position: number): { readonly lane: number; readonly sequence: number } => {
  const lane = Math.floor(position / LANE_WIDTH);
  return { lane, sequence: position - lane * LANE_WIDTH };
};

/** Throws StoreError `damaged` unless the schema is exactly that of {@link schema}. */
export const checkSchema = (db: DatabaseSync): void => {
  const expected = new Map<string, string | null>(Object.entries(schema));
  expected.set('sqlite_autoindex_record_1', null);
  const rows = db.prepare('SELECT name, sql FROM sqlite_schema').all();
  const isExact = rows.length === expected.size && rows.every(({ name, sql }) => expected.get(String(name)) === sql);
  if (!isExact) throw new StoreError('damaged', 'the tables of the store are not those of its format');
};

/** Writes the tables and the format version of an empty store; inside a transaction of the caller. */
export const writeSchema = (db: DatabaseSync): void => {
  for (const sql of Object.values(schema)) db.exec(sql);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}`);
};

/** The name of a lane's row in `head`. */
export const headOfLane = (lane: number): string => `lane/${lane}`;

/** The other way round. */
export const laneOfHead = (name: string): number => Number(name.slice('lane/'.length));

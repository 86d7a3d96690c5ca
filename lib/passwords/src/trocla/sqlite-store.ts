// Trocla's table in SQLite, in its own format: `k` is the key in base64, `v` Ruby's Marshal of the record. Invariant: a change is one
// transaction that takes SQLite's write lock before it reads; durable when it is answered (synchronous=FULL).

import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type PasswordRecord, type PasswordStore, PasswordStoreError, type RecordChange } from '../password-store.ts';
import { readMarshal } from './read-marshal.ts';
import { recordOf, recordsOf, storedForm } from './record-codec.ts';
import type { RubyValue } from './ruby-value.ts';
import type { ValueCipher } from './value-cipher.ts';
import { writeMarshal } from './write-marshal.ts';

export interface SqliteSettings {
  readonly file: string;
  readonly table: string;
  readonly cipher: ValueCipher;
  /** Mode of a file that is made anew. */
  readonly newFileMode: number;
}

/** As long as Ruby's Sequel waits for a lock. */
const BUSY_MS = 5_000;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A store in one table of an SQLite database. */
export class SqliteTroclaStore implements PasswordStore {
  readonly #settings: SqliteSettings;
  readonly #table: string;
  #database: DatabaseSync | undefined;

  constructor(settings: SqliteSettings) {
    this.#settings = settings;
    this.#table = quoted(settings.table);
  }

  async read(key: string): Promise<PasswordRecord | undefined> {
    return this.#guard(() => this.#load(this.#open(), key));
  }

  async update<Result>(
    key: string,
    decide: (current: PasswordRecord | undefined) => RecordChange<Result>,
  ): Promise<Result> {
    return this.#guard(() =>
      this.#write((database) => {
        const change = decide(this.#load(database, key));
        if (change.kind === 'put') this.#store(database, key, change.record);
        if (change.kind === 'remove') database.prepare(`DELETE FROM ${this.#table} WHERE k = ?`).run(encodeKey(key));
        return change.result;
      }),
    );
  }

  async keys(): Promise<readonly string[]> {
    const rows = this.#guard(() => this.#open().prepare(`SELECT k FROM ${this.#table}`).all());
    return rows.map(({ k }) => Buffer.from(String(k), 'base64').toString()).sort();
  }

  async readAll(): Promise<ReadonlyMap<string, PasswordRecord | PasswordStoreError>> {
    const entries = this.#guard(() =>
      this.#open()
        .prepare(`SELECT k, v FROM ${this.#table}`)
        .all()
        .map(({ k, v }) => [Buffer.from(String(k), 'base64').toString(), marshalled(v)] as const),
    );
    return recordsOf(entries);
  }

  async putAll(records: ReadonlyMap<string, PasswordRecord>): Promise<void> {
    this.#guard(() =>
      this.#write((database) => {
        for (const [key, record] of records) this.#store(database, key, record);
      }),
    );
  }

  sealValue(value: Uint8Array): Uint8Array {
    return this.#settings.cipher.seal(value);
  }

  openValue(stored: Uint8Array): Uint8Array {
    return this.#settings.cipher.open(stored);
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #open(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    const { file, newFileMode } = this.#settings;
    if (!existsSync(path.dirname(file))) {
      throw new PasswordStoreError('unreachable', `directory ${path.dirname(file)} does not exist`);
    }
    if (!existsSync(file)) closeSync(openSync(file, 'a', newFileMode));
    const database = new DatabaseSync(file, { timeout: BUSY_MS });
    database.exec('PRAGMA synchronous = FULL');
    database.exec(`CREATE TABLE IF NOT EXISTS ${this.#table} (k varchar(255) NOT NULL PRIMARY KEY, v blob)`);
    this.#database = database;
    return database;
  }

  /** One transaction. */
  #write<Result>(act: (database: DatabaseSync) => Result): Result {
    const database = this.#open();
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = act(database);
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  #load(database: DatabaseSync, key: string): PasswordRecord | undefined {
    const row = database.prepare(`SELECT v FROM ${this.#table} WHERE k = ?`).get(encodeKey(key));
    const value = row?.['v'];
    return value === undefined || value === null ? undefined : recordOf(key, marshalled(value));
  }

  #store(database: DatabaseSync, key: string, record: PasswordRecord): void {
    const bytes = writeMarshal(storedForm(record));
    database.prepare(`INSERT OR REPLACE INTO ${this.#table} (k, v) VALUES (?, ?)`).run(encodeKey(key), bytes);
    bytes.fill(0);
  }

  /** SQLite's own errors name no values; they become those of the interface. */
  #guard<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
      if (code !== 'ERR_SQLITE_ERROR') throw error;
      const isBusy = errcode !== undefined && (errcode & 0xff) === 5;
      throw new PasswordStoreError(isBusy ? 'busy' : 'unreachable', `${this.#settings.file}: ${message}`, {
        cause: error,
      });
    }
  }
}

const marshalled = (value: unknown): RubyValue => {
  if (!(value instanceof Uint8Array)) throw new PasswordStoreError('corrupt', 'a value in the table is no blob');
  return readMarshal(value);
};

const encodeKey = (key: string): string => Buffer.from(key).toString('base64');

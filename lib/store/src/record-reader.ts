// Reads on the main thread, on a connection that cannot write. Every read begins and ends within one call: a statement kept
// open over an await would hold back the log. What is read is at least as new as every commit that was answered.

import type { DatabaseSync } from 'node:sqlite';
import { auditPlace, auditPosition, laneOfHead } from './format.ts';
import { copyOf, type KeyRange } from './key-range.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import type { AuditEntry, AuditHead, Entry } from './store.ts';
import { StoreError } from './store-error.ts';

const prepareStatements = (db: DatabaseSync) => ({
  begin: db.prepare('BEGIN'),
  end: db.prepare('ROLLBACK'),
  revision: db.prepare("SELECT number FROM head WHERE name = 'revision'"),
  get: db.prepare('SELECT value, revision FROM record WHERE key = ?'),
  range: db.prepare('SELECT key, value, revision FROM record WHERE key >= ? AND key < ? ORDER BY key LIMIT ?'),
  audit: db.prepare(
    'SELECT position, hash, payload FROM audit WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?',
  ),
  heads: db.prepare("SELECT name, number, hash FROM head WHERE name >= 'lane/' AND name < 'lane0'"),
});

/** Some rows of a range, and what they were read at. */
export interface RangeRead {
  readonly revision: number;
  readonly entries: readonly Entry[];
  /** Nothing follows in the range. */
  readonly isComplete: boolean;
}

export class RecordReader {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #sql: ReturnType<typeof prepareStatements>;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
    this.#sql = prepareStatements(db);
  }

  /** Throws StoreError `damaged` or `internal`, as all of these. */
  revision(): number {
    return this.#read(() => numberOf(this.#sql.revision.get()?.['number']));
  }

  get(key: Uint8Array): Entry | undefined {
    return this.#read(() => {
      const row = this.#sql.get.get(key);
      return row && { key: copyOf(key), value: bytesOf(row['value']), revision: numberOf(row['revision']) };
    });
  }

  /** What `key` holds and the revision of the store, at one moment. */
  getAt(key: Uint8Array): { readonly revision: number; readonly entry: Entry | undefined } {
    return this.#snapshot(() => ({ revision: this.revision(), entry: this.get(key) }));
  }

  /** At most `limit` entries, and no more after `maxBytes` of keys and values were read. */
  range({ start, end }: KeyRange, limit: number, maxBytes: number): RangeRead {
    return this.#snapshot(() => {
      const revision = this.revision();
      const entries: Entry[] = [];
      let bytes = 0;
      for (const row of this.#sql.range.iterate(start, end, limit + 1)) {
        if (entries.length === limit || bytes > maxBytes) return { revision, entries, isComplete: false };
        const entry = { key: bytesOf(row['key']), value: bytesOf(row['value']), revision: numberOf(row['revision']) };
        entries.push(entry);
        bytes += entry.key.length + entry.value.length;
      }
      return { revision, entries, isComplete: true };
    });
  }

  audit(lane: number, from: number, limit: number): AuditEntry[] {
    return this.#read(() =>
      this.#sql.audit.all(auditPosition(lane, from), auditPosition(lane + 1, 0) - 1, limit).map((row) => ({
        ...auditPlace(numberOf(row['position'])),
        hash: bytesOf(row['hash']),
        payload: bytesOf(row['payload']),
      })),
    );
  }

  heads(): AuditHead[] {
    return this.#read(() =>
      this.#sql.heads
        .all()
        .map((row) => ({
          lane: laneOfHead(String(row['name'])),
          sequence: numberOf(row['number']),
          hash: bytesOf(row['hash']),
        }))
        .sort((a, b) => a.lane - b.lane),
    );
  }

  close(): void {
    this.#db.close();
  }

  #snapshot<T>(read: () => T): T {
    return this.#read(() => {
      this.#sql.begin.run();
      try {
        return read();
      } finally {
        if (this.#db.isTransaction) this.#sql.end.run();
      }
    });
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storeErrorOf(error, this.#path);
    }
  }
}

const numberOf = (value: unknown): number => {
  if (typeof value !== 'number') throw new StoreError('damaged', 'a number of the store is missing');
  return value;
};

const bytesOf = (value: unknown): Uint8Array => {
  if (!(value instanceof Uint8Array)) throw new StoreError('damaged', 'bytes of the store are missing');
  return value;
};

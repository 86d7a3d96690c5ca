// Many transactions, one sync. Within the group each transaction sees those before it, is checked before it writes anything,
// and is refused alone; the counters and the heads of the chain are read from the file inside the same transaction of SQLite,
// so that a rolled back group leaves nothing behind, in the file or in memory.

import type { DatabaseSync } from 'node:sqlite';
import { auditHash, firstAuditHash } from './audit-hash.ts';
import { auditPosition, headOfLane } from './format.ts';
import type { Before, Outcome } from './outcome-wire.ts';
import type { Condition, Transaction } from './store.ts';
import { StoreError } from './store-error.ts';

type Statements = ReturnType<typeof prepareStatements>;

const prepareStatements = (db: DatabaseSync) => ({
  begin: db.prepare('BEGIN IMMEDIATE'),
  commit: db.prepare('COMMIT'),
  rollback: db.prepare('ROLLBACK'),
  head: db.prepare('SELECT number, hash FROM head WHERE name = ?'),
  setNumber: db.prepare('UPDATE head SET number = ? WHERE name = ?'),
  setLane: db.prepare(
    'INSERT INTO head (name, number, hash) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET number = excluded.number, hash = excluded.hash',
  ),
  append: db.prepare('INSERT INTO audit (position, hash, payload) VALUES (?, ?, ?)'),
  revision: db.prepare('SELECT revision FROM record WHERE key = ?'),
  find: db.prepare('SELECT id, value, revision FROM record WHERE key = ?'),
  insert: db.prepare('INSERT INTO record (key, value, revision) VALUES (?, ?, ?)'),
  update: db.prepare('UPDATE record SET value = ?, revision = ? WHERE id = ?'),
  remove: db.prepare('DELETE FROM record WHERE id = ?'),
});

interface Head {
  sequence: number;
  hash: Uint8Array;
}

/** What a group has done so far; thrown away with it. */
class Progress {
  readonly startRevision: number;
  readonly lanes = new Map<number, Head>();
  revision: number;

  constructor(revision: number) {
    this.startRevision = revision;
    this.revision = revision;
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

/** Writes groups of transactions through the only writable connection. */
export class GroupCommitter {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = prepareStatements(db);
  }

  /**
   * Commits the group and returns what became of each, in order; durable when it returns. Throws what SQLite throws; nothing
   * of the group is written then, unless it was the sync itself that failed.
   */
  commit(group: readonly Transaction[]): Outcome[] {
    return this.#within(() => {
      const progress = new Progress(this.#number('revision'));
      const outcomes = group.map((transaction) => this.#apply(transaction, progress));
      if (progress.revision === progress.startRevision) return { result: outcomes, isChanged: false };
      this.#sql.setNumber.run(progress.revision, 'revision');
      for (const [lane, { sequence, hash }] of progress.lanes) this.#sql.setLane.run(headOfLane(lane), sequence, hash);
      return { result: outcomes, isChanged: true };
    });
  }

  /** The next fencing token, durable. Throws what SQLite throws. */
  nextLeaseToken(): number {
    return this.#within(() => {
      const token = this.#number('lease-token') + 1;
      this.#sql.setNumber.run(token, 'lease-token');
      return { result: token, isChanged: true };
    });
  }

  #within<T>(work: () => { readonly result: T; readonly isChanged: boolean }): T {
    this.#sql.begin.run();
    try {
      const { result, isChanged } = work();
      if (isChanged) this.#sql.commit.run();
      else this.#sql.rollback.run();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#sql.rollback.run();
      throw error;
    }
  }

  #number(name: string): number {
    return numberOf(this.#sql.head.get(name)?.['number']);
  }

  #apply({ conditions, puts, deletes, audit }: Transaction, progress: Progress): Outcome {
    const broken = conditions.findIndex((condition) => !this.#holds(condition));
    if (broken !== -1) return { kind: 'conflict', condition: broken };
    if (puts.length + deletes.length + audit.length === 0) {
      return { kind: 'committed', revision: progress.revision, audit: [], before: [] };
    }
    const revision = ++progress.revision;
    const before = [
      ...puts.map(({ key, value }) => this.#put(key, value, revision)),
      ...deletes.map((key) => this.#delete(key)),
    ];
    return { kind: 'committed', revision, audit: audit.map((record) => this.#append(record, progress)), before };
  }

  #holds(condition: Condition): boolean {
    const revision = this.#sql.revision.get(condition.key)?.['revision'];
    return revision === ('revision' in condition ? condition.revision : undefined);
  }

  #put(key: Uint8Array, value: Uint8Array, revision: number): Before {
    const row = this.#sql.find.get(key);
    if (row === undefined) {
      this.#sql.insert.run(key, value, revision);
      return undefined;
    }
    this.#sql.update.run(value, revision, numberOf(row['id']));
    return { value: bytesOf(row['value']), revision: numberOf(row['revision']) };
  }

  #delete(key: Uint8Array): Before {
    const row = this.#sql.find.get(key);
    if (row === undefined) return undefined;
    this.#sql.remove.run(numberOf(row['id']));
    return { value: bytesOf(row['value']), revision: numberOf(row['revision']) };
  }

  #append({ lane, payload }: Transaction['audit'][number], progress: Progress): Head {
    let head = progress.lanes.get(lane);
    if (head === undefined) {
      const row = this.#sql.head.get(headOfLane(lane));
      head =
        row === undefined
          ? { sequence: 0, hash: firstAuditHash }
          : { sequence: numberOf(row['number']), hash: bytesOf(row['hash']) };
    }
    const sequence = head.sequence + 1;
    const hash = auditHash({ lane, sequence, previous: head.hash, payload });
    this.#sql.append.run(auditPosition(lane, sequence), hash, payload);
    const next = { sequence, hash };
    progress.lanes.set(lane, next);
    return next;
  }
}

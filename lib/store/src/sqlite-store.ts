// The embedded store: one SQLite file, one writer thread, reads beside it. What is answered as committed is on the disk; a file
// that is missing, cut off or foreign is a clear error, never an empty store. Format: docs/formats/store.md.

import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { refuse } from '@chatelaine/contract';
import { checkKey, checkNumber, checkTransaction } from './check-transaction.ts';
import { connectReader } from './connect.ts';
import type { StorePurpose } from './create-store-file.ts';
import { copyOf, hasPrefix, type KeyRange, keyAfter, rangeOfPrefix } from './key-range.ts';
import { LeaseTable } from './lease-table.ts';
import type { Outcome } from './outcome-wire.ts';
import { PastReader } from './past-reader.ts';
import { RecentChanges } from './recent-changes.ts';
import { RecordReader } from './record-reader.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import {
  type AuditEntry,
  type AuditHead,
  type Change,
  type Committed,
  type Compacted,
  type Conflict,
  type Entry,
  type Lease,
  MAX_KEY_BYTES,
  MAX_LANE,
  MAX_PAGE,
  type Page,
  type Store,
  type Transaction,
} from './store.ts';
import { StoreError } from './store-error.ts';
import { ByteReader } from './thread-bytes.ts';
import type { FromBackup, StoreEvent } from './thread-messages.ts';
import { decodeTransaction, encodeTransaction } from './transaction-wire.ts';
import { watchChanges } from './watch-changes.ts';
import { startThread, WriterThread } from './writer-thread.ts';

/** Bytes of entries after which a page ends. */
const PAGE_BYTES = 4 * 1_048_576;
const DEFAULT_RECENT_BYTES = 8 * 1_048_576;

/** How a store is opened. */
export interface SqliteStoreOptions {
  /** The file; beside it lie `-wal`, `-shm` and `-lock`. Its directory exists. */
  readonly path: string;
  /** Makes a new store and refuses to if there is one; without it a missing store is an error. */
  readonly create?: boolean;
  /** Of a new store: what it is for (required). Of another one: refuses a store of another purpose. */
  readonly purpose?: StorePurpose;
  /** Bytes of memory for what changed lately (watches, `atRevision`); 8 MiB if absent. */
  readonly recentBytes?: number;
  /**
   * Room to keep on the disk for transactions that may use the reserve; none if absent. Should be twice the log's 4 MiB: on a full
   * disk the log is merged with it first.
   */
  readonly reserveBytes?: number;
  /** Lines for the log; they name files, never keys or values. */
  readonly log?: (event: StoreEvent) => void;
  /** The disk failed: no commit is taken any more, and the process should end. Reads go on. */
  readonly onFatal?: (error: StoreError) => void;
  /** Milliseconds on a clock that nobody can set, for leases; `performance.now` if absent. */
  readonly nowMs?: () => number;
}

/** A store in one SQLite file. */
export interface SqliteStore extends Store {
  readonly path: string;
  readonly purpose: StorePurpose;
}

/**
 * Opens or makes a store, for this process alone. Throws {@link StoreError} `not-found`, `already-exists`, `damaged`,
 * `unsupported-format`, `wrong-purpose`, `busy`, `denied`, `disk-full` or `internal`.
 *
 * ```ts
 * const store = await openSqliteStore({ path: '/var/lib/chatelaine/store.db', purpose: 'production' });
 * ```
 */
export const openSqliteStore = async (options: SqliteStoreOptions): Promise<SqliteStore> => {
  const path = resolve(options.path);
  const { create = false, purpose } = options;
  if (create && purpose === undefined) throw new TypeError('a new store needs a purpose');
  const log = options.log ?? (() => {});
  let opened: OpenSqliteStore | undefined;
  const writer = new WriterThread(
    {
      path,
      ...(create && purpose !== undefined ? { create: { id: randomBytes(16).toString('hex'), purpose } } : {}),
      ...(purpose === undefined ? {} : { purpose }),
      reserveBytes: options.reserveBytes ?? 0,
    },
    {
      onEvent: log,
      onFatal: (error) => {
        log({ level: 'error', message: error.message });
        opened?.wake();
        options.onFatal?.(error);
      },
    },
  );
  const identity = await writer.ready();
  try {
    // After the writer is ready: it has made the log that the reader needs.
    const reader = new RecordReader(connectReader(path), path);
    opened = new OpenSqliteStore({ path, ...identity }, writer, reader, options);
    return opened;
  } catch (error) {
    await writer.close();
    throw storeErrorOf(error, path);
  }
};

interface Identity {
  readonly path: string;
  readonly id: string;
  readonly purpose: StorePurpose;
  readonly revision: number;
}

class OpenSqliteStore implements SqliteStore {
  readonly path: string;
  readonly id: string;
  readonly purpose: StorePurpose;
  readonly #writer: WriterThread;
  readonly #reader: RecordReader;
  readonly #recent: RecentChanges;
  readonly #past: PastReader;
  readonly #leases: LeaseTable;
  readonly #closing = new AbortController();
  readonly #backups = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(identity: Identity, writer: WriterThread, reader: RecordReader, options: SqliteStoreOptions) {
    this.path = identity.path;
    this.id = identity.id;
    this.purpose = identity.purpose;
    this.#writer = writer;
    this.#reader = reader;
    this.#recent = new RecentChanges(identity.revision, options.recentBytes ?? DEFAULT_RECENT_BYTES);
    this.#past = new PastReader(reader, this.#recent, () => this.#whyUnusable());
    this.#leases = new LeaseTable(() => writer.leaseToken(), options.nowMs ?? (() => performance.now()));
  }

  /** Lets everybody who waits for a change look again. */
  wake(): void {
    this.#recent.wake();
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    return this.#reader.revision();
  }

  async get(key: Uint8Array, options: { readonly atRevision?: number } = {}): Promise<Entry | undefined | Compacted> {
    this.#checkOpen();
    checkKey(key);
    const { atRevision } = options;
    if (atRevision === undefined) return this.#reader.get(key);
    checkNumber('atRevision', atRevision, 0);
    return this.#past.get(copyOf(key), atRevision);
  }

  async list(
    prefix: Uint8Array,
    options: { readonly limit: number; readonly cursor?: string; readonly atRevision?: number },
  ): Promise<Page | Compacted> {
    this.#checkOpen();
    const { limit, cursor, atRevision } = options;
    checkNumber('limit', limit, 1, MAX_PAGE);
    const range = rangeAfterCursor(prefix, cursor);
    if (atRevision !== undefined) checkNumber('atRevision', atRevision, 0);
    const read =
      atRevision === undefined
        ? this.#reader.range(range, limit, PAGE_BYTES)
        : await this.#past.range(range, limit, PAGE_BYTES, atRevision);
    if ('kind' in read) return read;
    const last = read.entries.at(-1);
    if (read.isComplete || last === undefined) return { entries: read.entries, revision: read.revision };
    return { entries: read.entries, revision: read.revision, cursor: cursorAfter(last.key) };
  }

  async commit(transaction: Transaction): Promise<Committed | Conflict | ReturnType<typeof refuse>> {
    this.#checkOpen();
    const refused = checkTransaction(transaction);
    if (refused !== undefined) return refused;
    const failure = this.#writer.failure;
    if (failure !== undefined) throw failure;
    const bytes = encodeTransaction(transaction);
    if (this.#writer.isBusy(bytes.length)) return refuse('busy');
    return new Promise((resolve, reject) => {
      this.#writer.commit(bytes, (outcome) => {
        try {
          if (outcome instanceof Error) reject(outcome);
          else resolve(this.#answer(outcome, bytes));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #answer(outcome: Outcome, bytes: Uint8Array): Committed | Conflict | ReturnType<typeof refuse> {
    if (outcome.kind === 'failed') {
      if (outcome.reason !== 'damaged') return refuse(outcome.reason);
      throw new StoreError('damaged', `${this.path}: a page that the change touches is damaged`);
    }
    const { conditions, puts, deletes, audit } = decodeTransaction(new ByteReader(bytes));
    if (outcome.kind === 'conflict') {
      return { kind: 'conflict', key: copyOf(conditions[outcome.condition]?.key ?? new Uint8Array(0)) };
    }
    const { revision, before } = outcome;
    if (revision > this.#recent.newest) {
      const changes = [
        ...puts.map(({ key, value }, index) => ({ key, value, before: before[index] })),
        ...deletes
          .map((key, index) => ({ key, before: before[puts.length + index] }))
          .filter((change) => change.before !== undefined),
      ];
      this.#recent.add(revision, changes, bytes.length);
    }
    const heads = outcome.audit.map((head, index) => ({ lane: audit[index]?.lane ?? 0, ...head }));
    return { kind: 'committed', revision, audit: heads };
  }

  watch(prefix: Uint8Array, since: number, signal: AbortSignal): AsyncIterable<Change | Compacted> {
    this.#checkOpen();
    checkNumber('since', since, 0);
    return watchChanges(this.#recent, copyOf(prefix), since, AbortSignal.any([signal, this.#closing.signal]));
  }

  async lease(name: string, ttlMs: number): Promise<Lease | undefined> {
    this.#checkOpen();
    return this.#leases.take(name, ttlMs);
  }

  async audit(
    lane: number,
    options: { readonly from: number; readonly limit: number },
  ): Promise<readonly AuditEntry[]> {
    this.#checkOpen();
    checkNumber('a lane', lane, 0, MAX_LANE);
    checkNumber('from', options.from, 1, 2 ** 44 - 1);
    checkNumber('limit', options.limit, 1, MAX_PAGE);
    return this.#reader.audit(lane, options.from, options.limit);
  }

  async auditHeads(): Promise<readonly AuditHead[]> {
    this.#checkOpen();
    return this.#reader.heads();
  }

  async backup(path: string): Promise<{ readonly revision: number; readonly sizeBytes: number }> {
    this.#checkOpen();
    const running = copyInThread(this.path, resolve(path));
    this.#backups.add(running);
    try {
      return await running;
    } finally {
      this.#backups.delete(running);
      this.#writer.mergeLog();
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#backups);
    await this.#writer.whenIdle();
    // Before the writer's: the last connection merges the log into the file, and this one cannot.
    this.#reader.close();
    this.#recent.wake();
    await this.#writer.close();
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new Error('the store is closed');
  }

  #whyUnusable(): StoreError | undefined {
    if (this.#closed !== undefined) return new StoreError('internal', `${this.path} was closed`);
    return this.#writer.failure;
  }
}

const copyInThread = (
  source: string,
  target: string,
): Promise<{ readonly revision: number; readonly sizeBytes: number }> =>
  new Promise((resolve, reject) => {
    const thread = startThread({ task: 'backup', source, target });
    thread.once('message', (message: FromBackup) => {
      if (message.kind === 'copied') resolve({ revision: message.revision, sizeBytes: message.sizeBytes });
      else reject(new StoreError(message.code, message.message));
    });
    thread.once('error', (error) => reject(storeErrorOf(error, target)));
    thread.once('exit', () => reject(new StoreError('internal', `${target}: the copy ended without a word`)));
  });

const cursorAfter = (key: Uint8Array): string => Buffer.from(key).toString('base64url');

const rangeAfterCursor = (prefix: Uint8Array, cursor: string | undefined): KeyRange => {
  if (prefix.length > MAX_KEY_BYTES) throw new RangeError(`a prefix has at most ${MAX_KEY_BYTES} bytes`);
  const range = rangeOfPrefix(prefix);
  if (cursor === undefined) return range;
  const last = new Uint8Array(Buffer.from(cursor, 'base64url'));
  if (last.length < 1 || last.length > MAX_KEY_BYTES || !hasPrefix(last, prefix)) {
    throw new RangeError('the cursor does not belong to this list');
  }
  return { start: keyAfter(last), end: range.end };
};

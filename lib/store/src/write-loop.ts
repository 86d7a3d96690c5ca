// The writer thread's work: take everything that waits, commit it as one group with one sync, answer, and merge the log into
// the file now and then. A full disk refuses the group and goes on; a damaged page fails those who touch it; any other failure
// of the disk ends the loop, since after a failed sync nobody knows what the disk holds.

import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { GroupCommitter } from './commit-group.ts';
import { DiskReserve } from './disk-reserve.ts';
import type { OpenedStoreFile } from './open-store-file.ts';
import { encodeOutcomes, type Outcome } from './outcome-wire.ts';
import { storeErrorOf } from './sqlite-failure.ts';
import type { Transaction } from './store.ts';
import type { FromWriter, StoreEvent, ToWriter } from './thread-messages.ts';
import { decodeTransactions } from './transaction-wire.ts';

const MAX_GROUP_TRANSACTIONS = 1_000;
const MAX_GROUP_BYTES = 4 * 1_048_576;
/** Pages of 4 kB in the log before it is merged. */
const MERGE_PAGES = 1_000;

type Request = Exclude<ToWriter, Uint8Array>;
type Waiting = Request | { readonly kind: 'group'; readonly transactions: Transaction[]; bytes: number };

export class WriteLoop {
  readonly #port: MessagePort;
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #committer: GroupCommitter;
  readonly #reserve: DiskReserve;
  readonly #logState;
  readonly #mergeLog;
  #waiting: Waiting[] = [];
  #mergeAtPages = MERGE_PAGES;
  #isFull = false;
  #isEnded = false;

  constructor(port: MessagePort, path: string, reserveBytes: number, { db, lock }: OpenedStoreFile) {
    this.#port = port;
    this.#path = path;
    this.#db = db;
    this.#lock = lock;
    this.#committer = new GroupCommitter(db);
    this.#reserve = new DiskReserve(path, reserveBytes);
    this.#logState = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#mergeLog = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  }

  start(): void {
    this.#holdReserve();
    this.#port.on('message', (message: ToWriter) => {
      this.#accept(message);
      for (;;) {
        this.#drain();
        const next = this.#waiting.shift();
        if (next === undefined || this.#isEnded) return;
        this.#serve(next);
      }
    });
  }

  #drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#accept(next.message as ToWriter);
    }
  }

  #accept(message: ToWriter): void {
    if (!(message instanceof Uint8Array)) {
      this.#waiting.push(message);
      return;
    }
    const transactions = decodeTransactions(message);
    const last = this.#waiting.at(-1);
    const isRoom =
      last?.kind === 'group' &&
      last.bytes + message.length <= MAX_GROUP_BYTES &&
      last.transactions.length + transactions.length <= MAX_GROUP_TRANSACTIONS;
    if (isRoom) {
      last.transactions.push(...transactions);
      last.bytes += message.length;
    } else {
      this.#waiting.push({ kind: 'group', transactions, bytes: message.length });
    }
  }

  #serve(next: Waiting): void {
    switch (next.kind) {
      case 'group':
        this.#commit(next.transactions);
        break;
      case 'lease-token':
        this.#leaseToken();
        break;
      case 'merge-log':
        // On a full disk what room there is belongs to commits.
        if (!this.#isFull) this.#guardMerge(() => this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
        break;
      case 'close':
        this.#close();
    }
  }

  #commit(group: readonly Transaction[]): void {
    const outcomes =
      this.#reserve.isSpent && !this.#holdReserve() ? this.#outcomesFromReserve(group) : this.#outcomesOf(group);
    if (outcomes === undefined) return;
    const message = encodeOutcomes(outcomes);
    this.#port.postMessage(message satisfies FromWriter, [message.buffer]);
    this.#mergeLogIfDue();
  }

  /** Undefined if the disk failed. */
  #outcomesOf(group: readonly Transaction[], isSecondTry = false): Outcome[] | undefined {
    try {
      const outcomes = this.#committer.commit(group);
      if (!this.#reserve.isSpent && outcomes.some(({ kind }) => kind === 'committed')) this.#noteFull(false);
      return outcomes;
    } catch (error) {
      const failure = storeErrorOf(error, this.#path);
      if (failure.code === 'disk-full' && !isSecondTry && this.#makeRoom()) return this.#outcomesOf(group, true);
      if (this.#isEnded) return undefined;
      if (failure.code === 'disk-full' || failure.code === 'busy') {
        if (failure.code === 'disk-full') {
          this.#noteFull(true);
          if (group.some(({ mayUseReserve }) => mayUseReserve) && this.#spendReserve()) {
            return this.#outcomesFromReserve(group);
          }
        }
        const reason = failure.code;
        return group.map(() => ({ kind: 'failed', reason }));
      }
      if (failure.code !== 'damaged') return this.#fail(failure.message);
      if (group.length === 1) {
        this.#event({ level: 'error', message: failure.message });
        return [{ kind: 'failed', reason: 'damaged' }];
      }
      return this.#outcomesOneByOne(group);
    }
  }

  /** Only those that may use the reserve are tried; there is no room for the others. */
  #outcomesFromReserve(group: readonly Transaction[]): Outcome[] | undefined {
    const urgent = group.filter(({ mayUseReserve }) => mayUseReserve);
    const outcomes = urgent.length === 0 ? [] : this.#outcomesOf(urgent);
    if (outcomes === undefined) return undefined;
    let next = 0;
    return group.map(({ mayUseReserve }): Outcome => {
      const outcome = mayUseReserve === true ? outcomes[next++] : undefined;
      return outcome ?? { kind: 'failed', reason: 'disk-full' };
    });
  }

  #spendReserve(): boolean {
    if (!this.#reserve.spend()) return false;
    this.#event({ level: 'error', message: `${this.#path}: the reserve on the disk is in use, for releases alone` });
    return true;
  }

  /** True unless there is no room for it. */
  #holdReserve(): boolean {
    try {
      const isHeld = this.#reserve.hold();
      if (isHeld) this.#noteFull(false);
      else this.#noteFull(true);
      return isHeld;
    } catch (error) {
      const { message } = storeErrorOf(error, this.#path);
      this.#event({ level: 'warn', message: `there is no reserve for a full disk: ${message}` });
      return true;
    }
  }

  /** Merges the log, whose room on the disk can then be used again; true if all of it was merged. */
  #makeRoom(): boolean {
    let isMerged = false;
    this.#guardMerge(() => {
      const { log, checkpointed } = this.#mergeLog.get() ?? {};
      isMerged = log === checkpointed && Number(log) > 0;
    });
    return isMerged && !this.#isEnded;
  }

  /** A damaged page was met: only those who touch it shall fail. */
  #outcomesOneByOne(group: readonly Transaction[]): Outcome[] | undefined {
    const outcomes: Outcome[] = [];
    for (const transaction of group) {
      const one = this.#outcomesOf([transaction]);
      if (one === undefined) return undefined;
      outcomes.push(...one);
    }
    return outcomes;
  }

  #leaseToken(): void {
    try {
      const token = this.#committer.nextLeaseToken();
      this.#post({ kind: 'lease-token', token });
    } catch (error) {
      const { code, message } = storeErrorOf(error, this.#path);
      this.#post({ kind: 'lease-token-failed', code, message });
      if (code === 'internal') this.#fail(message);
    }
  }

  #mergeLogIfDue(): void {
    const pages = Number(this.#logState.get()?.['log']);
    if (pages < MERGE_PAGES) this.#mergeAtPages = MERGE_PAGES;
    if (pages < this.#mergeAtPages) return;
    this.#mergeAtPages = pages + MERGE_PAGES;
    this.#guardMerge(() => this.#mergeLog.get());
  }

  /** Commits are safe in the log: not being able to merge it is no failure, unless it was the disk. */
  #guardMerge(merge: () => void): void {
    try {
      merge();
    } catch (error) {
      const { code, message } = storeErrorOf(error, this.#path);
      if (code === 'internal') this.#fail(message);
      else if (code === 'disk-full') this.#noteFull(true);
      else this.#event({ level: 'warn', message: `the log was not merged: ${message}` });
    }
  }

  #noteFull(isFull: boolean): void {
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#event(
      isFull
        ? { level: 'error', message: `${this.#path}: the disk is full; changes are refused until there is room` }
        : { level: 'info', message: `${this.#path}: there is room on the disk again` },
    );
  }

  #event(event: StoreEvent): void {
    this.#post({ kind: 'event', ...event });
  }

  #post(message: Exclude<FromWriter, Uint8Array>): void {
    this.#port.postMessage(message);
  }

  /** The connection is left as it is: closing it would merge a log that may not be on the disk. */
  #fail(message: string): undefined {
    this.#isEnded = true;
    this.#post({ kind: 'fatal', message });
    this.#port.close();
    return undefined;
  }

  #close(): void {
    this.#isEnded = true;
    this.#db.close();
    this.#lock.close();
    this.#post({ kind: 'closed' });
    this.#port.close();
  }
}

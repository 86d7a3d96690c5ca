// Every record goes through here: composed in one form, appended in the transaction of what it records, and announced to
// listeners once it is durable.

import type { Log } from '@chatelaine/process';
import type { Committed } from '@chatelaine/store';
import type { Vault } from '@chatelaine/vault';
import type { AuditRecord } from './audit-record.ts';
import type { Clock } from './clock.ts';
import { appendRecord } from './last-decision.ts';
import { SharedTransaction } from './module-transaction.ts';
import { type Principal, principalId } from './principal.ts';
import { RefusalTally } from './refusal-tally.ts';

const RECORDS_A_COMMIT = 50;
const ANCHOR_EVERY_MS = 1_000;

/** What a record is about, as the audit and `why` name it. */
export const objectOf = (module: string, path: string): string => (path === '' ? '' : `${module}/${path}`);

export class Recorder {
  readonly tally = new RefusalTally();
  readonly #vault: Vault;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners = new Set<() => void>();
  #newest: Committed | undefined;
  #anchorTimer: NodeJS.Timeout | undefined;

  constructor(vault: Vault, clock: Clock, log: Log) {
    this.#vault = vault;
    this.#clock = clock;
    this.#log = log;
  }

  compose(
    principal: Principal,
    operation: string,
    object: string,
    decision: AuditRecord['decision'],
    more: Partial<AuditRecord> = {},
  ): AuditRecord {
    const atUnixMs = this.#clock.nowUnixMs();
    return { format: 1, atUnixMs, who: principalId(principal), operation, object, decision, facts: [], ...more };
  }

  /** Writes records that belong to no other change; if the disk is full they are lost, and the log says so. */
  async write(records: readonly AuditRecord[]): Promise<void> {
    for (let at = 0; at < records.length; at += RECORDS_A_COMMIT) {
      const tx = new SharedTransaction(this.#vault);
      for (const record of records.slice(at, at + RECORDS_A_COMMIT)) {
        appendRecord(tx, record, record.decision === 'waiting');
      }
      const committed = await tx.sealed.commit();
      if (committed.kind === 'committed') this.noteCommit(committed);
      else this.#log.warn({ outcome: committed.kind }, 'audit records could not be written');
    }
  }

  /** Writes what was only counted, of the minutes that are over or of all. */
  async flushTally(everything = false): Promise<void> {
    await this.write(this.tally.take(this.#clock.nowUnixMs(), everything));
  }

  /** Announces a durable commit; the anchor learns of it within a second. */
  noteCommit(committed: Committed): void {
    this.#newest = committed;
    for (const listener of this.#listeners) listener();
    this.#anchorTimer ??= setTimeout(() => {
      this.#anchorTimer = undefined;
      this.anchor().catch((error: unknown) => this.#log.error({ err: error }, 'the anchor could not be written'));
    }, ANCHOR_EVERY_MS).unref();
  }

  /** Resolves when the anchor outside the store durably knows every commit noted so far. */
  async anchor(): Promise<void> {
    if (this.#newest !== undefined) await this.#vault.advanceAnchor(this.#newest);
  }

  /** Calls `listener` after every commit until the returned function is called. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes all that is still pending. */
  async close(): Promise<void> {
    await this.flushTally(true);
    clearTimeout(this.#anchorTimer);
    await this.anchor();
  }
}

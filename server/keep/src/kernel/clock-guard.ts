// The highest wall time ever seen is kept. A start with the clock behind it (an empty battery, a restored machine) would
// make expired machines young again: no time is trusted then, until the clock is past that mark or a person confirms it.

import type { Vault } from '@chatelaine/vault';
import * as z from 'zod';
import type { Clock } from './clock.ts';
import { appendRecord, KERNEL_COLLECTION } from './last-decision.ts';
import { defineRecord, SharedTransaction } from './module-transaction.ts';
import type { Principal } from './principal.ts';
import type { Recorder } from './recorder.ts';
import { proved } from './release/decision.ts';

/** The highest wall time ever seen, as the kernel keeps it at {@link CLOCK_PATH}. */
export const clockMark = defineRecord(
  'highest time',
  z.strictObject({ format: z.literal(1), atUnixMs: z.number().int() }),
);
export const CLOCK_PATH = 'clock';

export class ClockGuard {
  readonly #vault: Vault;
  readonly #clock: Clock;
  #highestUnixMs: number;

  private constructor(vault: Vault, clock: Clock, highestUnixMs: number) {
    this.#vault = vault;
    this.#clock = clock;
    this.#highestUnixMs = highestUnixMs;
  }

  /** Reads the mark. `newestRecordUnixMs` is the time of the newest audit record, 0 without any. */
  static async open(vault: Vault, clock: Clock, newestRecordUnixMs: number): Promise<ClockGuard> {
    const tx = new SharedTransaction(vault);
    try {
      const kept = await tx.of(KERNEL_COLLECTION).get(clockMark, CLOCK_PATH);
      // A person who confirmed an earlier time wrote both, the mark and a record of it.
      return new ClockGuard(vault, clock, Math.max(kept?.atUnixMs ?? 0, newestRecordUnixMs));
    } finally {
      tx.release();
    }
  }

  /** How far the clock is behind the mark; 0 if time can be trusted. */
  behindMs(): number {
    const behind = this.#highestUnixMs - this.#clock.nowUnixMs();
    if (behind <= 0) return 0;
    this.#clock.catchUp();
    return Math.max(0, this.#highestUnixMs - this.#clock.nowUnixMs());
  }

  /** Writes the mark down; called every minute, and at the end: what was counted last is on record with the time of the first. */
  async keep(): Promise<void> {
    if (this.behindMs() > 0) return;
    const tx = new SharedTransaction(this.#vault);
    try {
      this.#highestUnixMs = this.#clock.nowUnixMs();
      tx.of(KERNEL_COLLECTION).put(clockMark, CLOCK_PATH, { format: 1, atUnixMs: this.#highestUnixMs });
      await tx.sealed.commit();
    } finally {
      tx.release();
    }
  }

  /** A person says that the clock is right. Durable before it returns; gives how far it was behind, or `undefined` if it could not be written. */
  async confirm(by: Principal, recorder: Recorder): Promise<number | undefined> {
    const wasBehindMs = this.behindMs();
    if (wasBehindMs === 0) return 0;
    const nowUnixMs = this.#clock.nowUnixMs();
    const tx = new SharedTransaction(this.#vault);
    try {
      tx.of(KERNEL_COLLECTION).put(clockMark, CLOCK_PATH, { format: 1, atUnixMs: nowUnixMs });
      const facts = [proved('behind-ms', wasBehindMs)];
      appendRecord(tx, recorder.compose(by, 'system.confirm-clock', '', 'changed', { facts }), false);
      const committed = await tx.sealed.commit();
      if (committed.kind !== 'committed') return undefined;
      recorder.noteCommit(committed);
      this.#highestUnixMs = nowUnixMs;
    } finally {
      tx.release();
    }
    await recorder.anchor();
    return wasBehindMs;
  }
}

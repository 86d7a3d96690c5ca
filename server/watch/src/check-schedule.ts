// When to look at which machine, and when a machine's time runs out. Invariants: checks of a machine follow each other at
// exact multiples of its interval, however late each began; if this process did not run for a while (it was stopped, or the
// computer slept), the whole schedule moves by that while, so that nothing piles up. The moment when a time runs out does not
// move. Time is passed in.
//
// A first check may be put a little earlier, so that a few machines have their turn at the same moment: waking up for each
// alone costs more than the check. The more there are, the finer the moments, so that never many begin at once.

import { TimeHeap } from './time-heap.ts';

/** A shorter interval is taken as this: a machine cannot be looked at without a pause. */
const SHORTEST_INTERVAL_MS = 1_000;

/** Being later than this means that the process did not run; a busy one is late by less. */
const LONGEST_DELAY_MS = 5_000;

/** Turns begin at multiples of these, the coarsest that brings together no more than so many. */
const [MOST_TOGETHER, COARSEST_MS, STEPS] = [16, 1_000, [1, 2, 5, 10, 20]] as const;

/** A check that is due. */
export interface DueCheck {
  readonly name: string;
  /** By the clock that was passed in. */
  readonly dueAtMs: number;
}

/** What became due. */
export interface Due {
  readonly checks: readonly DueCheck[];
  /** Machines whose time ran out. They are told once; `setEnd` sets another moment. */
  readonly ended: readonly string[];
}

export class CheckSchedule {
  readonly #intervals = new Map<string, number>();
  /** By a clock that stands still while the process does not run. */
  readonly #checks = new TimeHeap<string>();
  readonly #ends = new TimeHeap<string>();
  #stoodStillMs = 0;
  #checksPerMs = 0;

  /** Machines that are looked at or whose time runs out. */
  get size(): number {
    return Math.max(this.#checks.size, this.#ends.size);
  }

  /**
   * Looks at a machine from now on every `intervalMs`.
   *
   * @param firstInMs when to look next; absent: as it stands, and after one interval if it does not stand anywhere
   */
  setChecks(name: string, intervalMs: number, firstInMs: number | undefined, nowMs: number): void {
    const interval = Math.max(intervalMs, SHORTEST_INTERVAL_MS);
    this.#setInterval(name, interval);
    const present = firstInMs === undefined ? this.#checks.atMs(name) : undefined;
    this.#checks.set(name, present ?? this.#turn(firstInMs ?? interval, nowMs - this.#stoodStillMs));
  }

  /** Looks at a machine no more; its time still runs out. */
  clearChecks(name: string): void {
    this.#setInterval(name, undefined);
    this.#checks.delete(name);
  }

  /** In how many milliseconds a machine is looked at next; `undefined` if it is not. */
  nextCheckInMs(name: string, nowMs: number): number | undefined {
    const at = this.#checks.atMs(name);
    return at === undefined ? undefined : Math.max(0, at + this.#stoodStillMs - nowMs);
  }

  /** Says when a machine's time runs out. */
  setEnd(name: string, inMs: number, nowMs: number): void {
    this.#ends.set(name, nowMs + inMs);
  }

  /** Whether a machine's time is still to run out. */
  hasEnd(name: string): boolean {
    return this.#ends.atMs(name) !== undefined;
  }

  /** Forgets a machine. */
  delete(name: string): void {
    this.clearChecks(name);
    this.#ends.delete(name);
  }

  /** Takes what is due by now. */
  take(nowMs: number): Due {
    const overdueMs = nowMs - this.#stoodStillMs - this.#checks.firstAtMs;
    if (overdueMs > LONGEST_DELAY_MS) this.#stoodStillMs += overdueMs;
    return { checks: this.#takeChecks(nowMs), ended: this.#takeEnded(nowMs) };
  }

  /** Milliseconds until something is due; infinity if nothing is. */
  waitMs(nowMs: number): number {
    const atMs = Math.min(this.#checks.firstAtMs + this.#stoodStillMs, this.#ends.firstAtMs);
    return Math.max(0, atMs - nowMs);
  }

  #setInterval(name: string, intervalMs: number | undefined): void {
    const before = this.#intervals.get(name);
    if (before !== undefined) this.#checksPerMs -= 1 / before;
    this.#intervals.delete(name);
    if (intervalMs === undefined) return;
    this.#checksPerMs += 1 / intervalMs;
    this.#intervals.set(name, intervalMs);
  }

  /** The last moment for turns that is not after `ownNowMs + inMs`; now, if that has passed. */
  #turn(inMs: number, ownNowMs: number): number {
    const isCoarse = (step: number): boolean => (this.#checksPerMs * COARSEST_MS) / step > MOST_TOGETHER;
    const momentMs = COARSEST_MS / (STEPS.find((step) => !isCoarse(step)) ?? STEPS[STEPS.length - 1] ?? 1);
    return Math.max(ownNowMs, Math.floor((ownNowMs + inMs) / momentMs) * momentMs);
  }

  #takeChecks(nowMs: number): readonly DueCheck[] {
    const due: DueCheck[] = [];
    const ownNowMs = nowMs - this.#stoodStillMs;
    for (let name = this.#checks.first; name !== undefined; name = this.#checks.first) {
      const atMs = this.#checks.firstAtMs;
      if (atMs > ownNowMs) break;
      due.push({ name, dueAtMs: atMs + this.#stoodStillMs });
      const interval = this.#intervals.get(name) ?? SHORTEST_INTERVAL_MS;
      this.#checks.set(name, atMs + interval * (Math.floor((ownNowMs - atMs) / interval) + 1));
    }
    return due;
  }

  #takeEnded(nowMs: number): readonly string[] {
    const ended: string[] = [];
    for (let name = this.#ends.first; name !== undefined && this.#ends.firstAtMs <= nowMs; name = this.#ends.first) {
      ended.push(name);
      this.#ends.delete(name);
    }
    return ended;
  }
}

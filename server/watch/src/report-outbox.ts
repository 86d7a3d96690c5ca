// What the keep has to be told and was not yet. Invariants: nothing is told in another order than it happened; the age of a
// check is that of the moment of sending, however often it is sent; what could not be told for too long is dropped, as it
// would prove nothing any more.

import { type InputOf, machines } from '@chatelaine/contract';

type Report = InputOf<typeof machines.report>;

/** A finished check; its moments by the clock that is passed in elsewhere. */
export type Completed = Omit<machines.CompletedCheck, 'startedAgoMs'> & {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
};

const MOST_STARTED_AT_ONCE = 4 * machines.MAX_REPORTED_AT_ONCE;

const shortened = (command: string): string => command.slice(0, machines.MAX_REPORTED_COMMAND).toWellFormed();

/** First in, first out, in constant time. */
class Line<Item> {
  #items: Item[] = [];
  #gone = 0;

  get length(): number {
    return this.#items.length - this.#gone;
  }

  get first(): Item | undefined {
    return this.#items[this.#gone];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  head(most: number): readonly Item[] {
    return this.#items.slice(this.#gone, this.#gone + most);
  }

  drop(count: number): void {
    this.#gone += Math.min(count, this.length);
    if (this.#gone < 1_024 && this.length > 0) return;
    this.#items = this.#items.slice(this.#gone);
    this.#gone = 0;
  }
}

export class ReportOutbox {
  readonly #longestMs: number;
  readonly #started = new Line<{ readonly name: string; readonly command: string; readonly atMs: number }>();
  readonly #completed = new Line<Completed>();
  readonly #due = new Set<string>();
  #late = 0;
  #isUrgent = false;

  /** @param longestMs how long something waits here before it is dropped. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  get isEmpty(): boolean {
    return this.#started.length === 0 && this.#completed.length === 0 && this.#due.size === 0;
  }

  /** Whether there is enough for a whole report. */
  get isFull(): boolean {
    return (
      this.#started.length >= MOST_STARTED_AT_ONCE ||
      this.#completed.length + this.#due.size >= machines.MAX_REPORTED_AT_ONCE
    );
  }

  /** Whether there is something that should not wait. */
  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  started(name: string, command: string, atMs: number, isLate: boolean): void {
    this.#started.push({ name, command: shortened(command), atMs });
    if (isLate) this.#late++;
  }

  /** @param isNews it ended otherwise than the one before. */
  completed(check: Completed, isNews: boolean): void {
    this.#completed.push({ ...check, command: shortened(check.command) });
    this.#isUrgent ||= isNews;
  }

  due(name: string): void {
    this.#due.add(name);
    this.#isUrgent = true;
  }

  /** The keep says anew when each time runs out: what was to be asked is answered. */
  forgetDue(): void {
    this.#due.clear();
  }

  /**
   * What to tell now; it stays here until `told`.
   *
   * @param most finished checks and questions together
   */
  report(nowMs: number, most: number = machines.MAX_REPORTED_AT_ONCE): Report {
    const tellable = this.#tellable(most);
    // Neither keeps the other out.
    const due = [...this.#due].slice(0, Math.max(Math.floor(most / 2), most - tellable));
    return {
      started: this.#started.head(MOST_STARTED_AT_ONCE).map(({ name, command }) => ({ name, command })),
      completed: this.#completed
        .head(Math.min(tellable, most - due.length))
        .map(({ startedAtMs, endedAtMs: _, ...check }) => ({
          ...check,
          startedAgoMs: Math.max(0, Math.ceil(nowMs - startedAtMs)),
        })),
      due,
      late: this.#late,
    };
  }

  /** A report was taken by the keep, or will never be. */
  told({ started, completed, due, late }: Report): void {
    this.#started.drop(started.length);
    this.#completed.drop(completed.length);
    for (const name of due) this.#due.delete(name);
    this.#late -= late;
    this.#isUrgent &&= !this.isEmpty;
  }

  /** Drops what is too old; returns how many finished checks that were. */
  dropOld(nowMs: number): number {
    const before = this.#completed.length;
    for (let first = this.#completed.first; first !== undefined; first = this.#completed.first) {
      if (nowMs - first.endedAtMs <= this.#longestMs) break;
      this.#completed.drop(1);
    }
    for (let first = this.#started.first; first !== undefined; first = this.#started.first) {
      if (nowMs - first.atMs <= this.#longestMs) break;
      this.#started.drop(1);
    }
    return before - this.#completed.length;
  }

  /** How many finished checks may be told: a start is told before its end, so none that began after those left over. */
  #tellable(most: number): number {
    const head = this.#completed.head(most);
    const firstUntold = this.#started.head(MOST_STARTED_AT_ONCE + 1)[MOST_STARTED_AT_ONCE];
    if (firstUntold === undefined) return head.length;
    const after = head.findIndex(({ startedAtMs }) => startedAtMs >= firstUntold.atMs);
    return after === -1 ? head.length : after;
  }
}

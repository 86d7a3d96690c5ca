// How many wrong codes may be given for a user: some, then one more every few minutes. Places from which the user gave a right
// code before have tries of their own, so that a stranger who keeps guessing does not keep the user out. Every place also has
// tries for two codes in a row, whatever others do: nobody is locked out. Names that are no user's are counted apart: however many
// of them are tried, no user's count is forgotten.

import type { Clock } from '../kernel/clock.ts';
import type { Giver } from './first-codes.ts';

/** Wrong codes before it gets slow. RFC 4226, section 7.3. */
export const TRIES = 10;
/** 144 tries a day: with six codes of six digits that may be right, one chance in 1,150. */
export const ONE_MORE_EVERY_MS = 600_000;
const MOST_STRANGERS = 10_000;
const MOST_ROWS = 100_000;

/** Whose code it is, and where it comes from. */
export interface Tried {
  readonly name: string;
  readonly isUser: boolean;
  /** A place that is known for this user; absent: any other. */
  readonly place?: string;
}

export class TryBudget {
  readonly #clock: Clock;
  /** When all tries are there again; in order of the last try. */
  readonly #users = new Map<string, number>();
  readonly #strangers = new Map<string, number>();
  readonly #rows = new Map<string, number>();
  readonly #taken = new WeakMap<object, boolean>();
  readonly #takenRows = new WeakMap<object, boolean>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  #countsOf({ isUser }: Tried): Map<string, number> {
    return isUser ? this.#users : this.#strangers;
  }

  #keyOf({ name, place }: Tried): string {
    return place === undefined ? name : `${name} ${place}`;
  }

  #take(counts: Map<string, number>, key: string): boolean {
    const now = this.#clock.elapsedMs();
    const fullAt = Math.max(counts.get(key) ?? 0, now) + ONE_MORE_EVERY_MS;
    if (fullAt - now > TRIES * ONE_MORE_EVERY_MS) return false;
    counts.delete(key);
    counts.set(key, fullAt);
    this.#forget(now);
    return true;
  }

  /** Takes a try, if there is one. Repeated attempts of the same `request` are one try. */
  take(tried: Tried, request: object): boolean {
    const isTaken = this.#taken.get(request) ?? this.#take(this.#countsOf(tried), this.#keyOf(tried));
    this.#taken.set(request, isTaken);
    return isTaken;
  }

  /** Takes a try for one of two codes in a row, of which every place has some. */
  takeRow({ name, place }: Giver, request: object): boolean {
    const isTaken = this.#takenRows.get(request) ?? this.#take(this.#rows, `${name} ${place}`);
    this.#takenRows.set(request, isTaken);
    return isTaken;
  }

  /** It was no wrong code: the try is there again. */
  giveBack(tried: Tried, request: object): void {
    if (this.#taken.get(request) !== true) return;
    const counts = this.#countsOf(tried);
    const fullAt = counts.get(this.#keyOf(tried));
    if (fullAt !== undefined) counts.set(this.#keyOf(tried), fullAt - ONE_MORE_EVERY_MS);
  }

  /** The user gave a right code from there. */
  restore(tried: Tried): void {
    this.#countsOf(tried).delete(this.#keyOf(tried));
  }

  /** Gives a user all tries back, wherever they come from. */
  restoreAll(name: string): void {
    for (const counts of [this.#users, this.#rows]) {
      for (const key of counts.keys()) if (key === name || key.startsWith(`${name} `)) counts.delete(key);
    }
  }

  /** How many tries somebody has from a place that is not known. */
  left(name: string): number {
    const now = this.#clock.elapsedMs();
    const missing = Math.ceil(Math.max(0, (this.#users.get(name) ?? 0) - now) / ONE_MORE_EVERY_MS);
    return TRIES - missing;
  }

  #forget(now: number): void {
    for (const [counts, most] of [
      [this.#users, Infinity],
      [this.#strangers, MOST_STRANGERS],
      [this.#rows, MOST_ROWS],
    ] as const) {
      const [oldest] = counts;
      if (oldest !== undefined && (oldest[1] <= now || counts.size > most)) counts.delete(oldest[0]);
    }
  }
}

// Codes that count only together with the next one. A right code far ahead of where its device was, or one given after too many
// wrong ones, is remembered for some minutes: if the very next code from the same place goes on from it, that one is accepted.
// Two right codes in a row nobody guesses. RFC 4226, section 7.4. In memory only: after a restart two codes are given anew.

import type { Clock } from '../kernel/clock.ts';

/** How long the first code is remembered. */
export const NEXT_WITHIN_MS = 300_000;
const MOST_KEPT = 10_000;

/** The first of two codes. */
export interface FirstCode {
  readonly credential: string;
  /** The numbers that it may belong to. */
  readonly counters: readonly number[];
  /** It was found only far ahead. */
  readonly isFar: boolean;
}

/** Who gives codes, and from where. */
export interface Giver {
  readonly name: string;
  readonly place: string;
}

const keyOf = ({ name, place }: Giver): string => `${name} ${place}`;

export class FirstCodes {
  readonly #clock: Clock;
  /** In order of their age. */
  readonly #kept = new Map<string, { readonly first: FirstCode; readonly untilMs: number }>();
  readonly #taken = new WeakMap<object, FirstCode | { readonly isNone: true }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The code given just before, which is forgotten. Repeated attempts of the same `request` get the same. */
  take(giver: Giver, request: object): FirstCode | undefined {
    let taken = this.#taken.get(request);
    if (taken === undefined) {
      const kept = this.#kept.get(keyOf(giver));
      taken = kept !== undefined && kept.untilMs >= this.#clock.elapsedMs() ? kept.first : { isNone: true };
      this.#kept.delete(keyOf(giver));
      this.#taken.set(request, taken);
    }
    return 'isNone' in taken ? undefined : taken;
  }

  /** Remembers a code as the first of two. */
  keep(giver: Giver, first: FirstCode): void {
    this.#kept.delete(keyOf(giver));
    this.#kept.set(keyOf(giver), { first, untilMs: this.#clock.elapsedMs() + NEXT_WITHIN_MS });
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size > MOST_KEPT) this.#kept.delete(oldest);
  }
}

/** Whether a code that may belong to `counters` goes on from the one before it. */
export const isNext = (
  before: FirstCode | undefined,
  credential: string,
  counters: readonly number[],
  isFar: boolean,
): number | undefined => {
  if (before === undefined || before.credential !== credential || before.isFar !== isFar) return undefined;
  return counters.find((counter) => before.counters.some((first) => (isFar ? counter === first + 1 : counter > first)));
};

// How often a pass phrase may be tried for one name: a few tries, then one now and then. Nobody is locked out for good, and a
// login by SSH key is never held up.

import type { Clock } from '../../kernel/clock.ts';

const TRIES = 10;
const ONE_MORE_EVERY_MS = 6_000;
const MOST_NAMES = 10_000;

export class TryLimit {
  readonly #clock: Clock;
  /** When all tries of a name are there again; in order of the last try. */
  readonly #fullAt = new Map<string, number>();
  readonly #admitted = new WeakSet<object>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether this one may be tried; attempts of the same `request` are one try. */
  admits(name: string, request: object): boolean {
    if (this.#admitted.has(request)) return true;
    const now = this.#clock.elapsedMs();
    const fullAt = Math.max(this.#fullAt.get(name) ?? 0, now) + ONE_MORE_EVERY_MS;
    if (fullAt - now > TRIES * ONE_MORE_EVERY_MS) return false;
    this.#fullAt.delete(name);
    this.#fullAt.set(name, fullAt);
    if (this.#fullAt.size > MOST_NAMES) this.#forgetOne();
    this.#admitted.add(request);
    return true;
  }

  #forgetOne(): void {
    const [oldest] = this.#fullAt.keys();
    if (oldest !== undefined) this.#fullAt.delete(oldest);
  }
}

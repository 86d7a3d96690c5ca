// Leases within the one process that has the store open. They end with it, or with their time on a clock that nobody can set;
// what must outlive the process is the token, so the store counts it durably before a lease is given.

import { checkNumber } from './check-transaction.ts';
import type { Lease } from './store.ts';

const MAX_TTL_MS = 86_400_000;

interface Held {
  readonly token: number;
  untilMs: number;
}

export class LeaseTable {
  readonly #held = new Map<string, Held>();
  readonly #taking = new Set<string>();
  readonly #nextToken: () => Promise<number>;
  readonly #nowMs: () => number;

  /** `nowMs` never goes back and cannot be set, such as `performance.now`. */
  constructor(nextToken: () => Promise<number>, nowMs: () => number) {
    this.#nextToken = nextToken;
    this.#nowMs = nowMs;
  }

  /** Undefined if somebody holds the name. Rejects if no token could be counted. */
  async take(name: string, ttlMs: number): Promise<Lease | undefined> {
    if (name.length < 1 || name.length > 1_024) throw new RangeError('the name of a lease has 1 to 1,024 characters');
    checkNumber('the time of a lease in milliseconds', ttlMs, 1, MAX_TTL_MS);
    if (this.#taking.has(name) || this.#current(name) !== undefined) return undefined;
    this.#taking.add(name);
    try {
      const token = await this.#nextToken();
      this.#held.set(name, { token, untilMs: this.#nowMs() + ttlMs });
      return this.#leaseOf(name, token, ttlMs);
    } finally {
      this.#taking.delete(name);
    }
  }

  #current(name: string): Held | undefined {
    const held = this.#held.get(name);
    if (held !== undefined && held.untilMs > this.#nowMs()) return held;
    this.#held.delete(name);
    return undefined;
  }

  #leaseOf(name: string, token: number, ttlMs: number): Lease {
    const mine = (): Held | undefined => {
      const held = this.#current(name);
      return held?.token === token ? held : undefined;
    };
    return {
      name,
      token,
      renew: async () => {
        const held = mine();
        if (held === undefined) return false;
        held.untilMs = this.#nowMs() + ttlMs;
        return true;
      },
      release: async () => {
        if (mine() !== undefined) this.#held.delete(name);
      },
    };
  }
}

// Slow computations, as many at once as there are processors; a bounded number waits, the next is told that it is busy.
// So a burst of requests neither takes all of libuv's threads, on which files are read, too, nor piles up for minutes.

import { availableParallelism } from 'node:os';
import type { FormatRefused } from './password-format.ts';
import { refuse } from './refuse.ts';

const DEFAULT_MAX_WAITING = 64;

/** Runs what is slow, first come, first served. */
export class SlowQueue {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(maxRunning: number = availableParallelism(), maxWaiting: number = DEFAULT_MAX_WAITING) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** Runs `work` when it is its turn, or refuses at once with `busy`. What `work` throws is thrown. */
  async run<Result>(work: () => Promise<Result>): Promise<Result | FormatRefused> {
    if (this.#running >= this.#maxRunning) {
      if (this.#waiting.length >= this.#maxWaiting) return refuse('busy', 'Too many slow computations are waiting.');
      // Whoever ends hands its place over, so that nobody who comes later gets in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

const queue = new SlowQueue();

/** Runs `work` in the process's own {@link SlowQueue}. */
export const runSlowly = <Result>(work: () => Promise<Result>): Promise<Result | FormatRefused> => queue.run(work);

// Requests that wait for a condition. Each is woken by the next change of what it is about, at the moment its condition
// named, or when its peer is gone; then the decision is taken anew.

// setTimeout(3) of Node fires at once above this.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class WaitingRoom {
  readonly #waiting = new Map<string, Set<() => void>>();
  #changes = 0;

  /** How many changes there were; taken before a decision, so that a change during it is not missed. */
  get changes(): number {
    return this.#changes;
  }

  /** Wakes whoever waits for a change of `object`. */
  wake(object: string): void {
    this.#changes++;
    for (const wake of this.#waiting.get(object) ?? []) wake();
  }

  /** Resolves at the next change of `object`, after `longestMs`, when `signal` aborts, or if anything changed after `since`. */
  nextChange(object: string, since: number, longestMs: number, signal: AbortSignal): Promise<void> {
    if (this.#changes !== since) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(object) ?? new Set();
      this.#waiting.set(object, waiting);
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiting.delete(end);
        if (waiting.size === 0 && this.#waiting.get(object) === waiting) this.#waiting.delete(object);
        resolve();
      };
      const timer = setTimeout(end, Math.min(Math.max(longestMs, 0), LONGEST_TIMER_MS));
      waiting.add(end);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}

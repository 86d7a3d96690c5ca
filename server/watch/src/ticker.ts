// Wakes when something is due. Invariant: it wakes at most once in a short while, so that what is due at almost the same
// moment is done together; and it wakes at least every minute, as a timer stands still while the computer sleeps.

/** Most of the processor's work for a check is waking up. */
const SHORTEST_PAUSE_MS = 40;

const LONGEST_PAUSE_MS = 60_000;

export class Ticker {
  readonly #advance: () => void;
  readonly #waitMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /**
   * @param advance does what is due
   * @param waitMs milliseconds until something is
   */
  constructor(advance: () => void, waitMs: () => number) {
    this.#advance = advance;
    this.#waitMs = waitMs;
  }

  /** Something may be due sooner than it was. */
  arm(): void {
    if (this.#isClosed) return;
    const now = performance.now();
    const soonest = this.#lastAtMs + SHORTEST_PAUSE_MS;
    const at = Math.max(now + Math.min(this.#waitMs(), LONGEST_PAUSE_MS), soonest);
    if (at >= this.#wakesAtMs) return;
    clearTimeout(this.#timer);
    this.#wakesAtMs = at;
    this.#timer = setTimeout(() => this.#tick(), Math.ceil(at - now));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #tick(): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#lastAtMs = performance.now();
    this.#advance();
    this.arm();
  }
}

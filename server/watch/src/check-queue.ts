// Which checks run, and which wait. Invariants: a machine is in it at most once, so that no machine gets a second turn while
// another waits for its first; those that wait begin in the order in which they became due; a check that takes long gives its
// place to the others, so that hanging ones keep nobody waiting for more than a moment.

/** A check that waits or may begin now. */
export interface QueuedCheck {
  readonly name: string;
  readonly dueAtMs: number;
}

export interface CheckQueueOptions {
  /** Checks that run at once, those that take long not counted. */
  readonly most: number;
  /** How long a check runs before it counts as one that takes long. */
  readonly longMs: number;
  /** Checks that take long at once; beyond it the oldest is to be stopped. */
  readonly mostLong: number;
}

export class CheckQueue {
  readonly #options: CheckQueueOptions;
  /** By name, in the order of their turns: when each became due. */
  readonly #waiting = new Map<string, number>();
  /** By name, the oldest first: when each began. */
  readonly #running = new Map<string, number>();
  readonly #long = new Set<string>();

  constructor(options: CheckQueueOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size + this.#long.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  isRunning(name: string): boolean {
    return this.#running.has(name) || this.#long.has(name);
  }

  /** Has a machine looked at when it is its turn, unless it is already being looked at or waits. */
  add({ name, dueAtMs }: QueuedCheck): void {
    if (!this.isRunning(name) && !this.#waiting.has(name)) this.#waiting.set(name, dueAtMs);
  }

  /** A machine that waits does so no more. */
  drop(name: string): void {
    this.#waiting.delete(name);
  }

  /** Takes the next that may begin; from then on it counts as running until `ended`. */
  begin(nowMs: number): QueuedCheck | undefined {
    const [first] = this.#waiting;
    if (first === undefined || !this.#hasRoom(nowMs)) return undefined;
    const [name, dueAtMs] = first;
    this.#waiting.delete(name);
    this.#running.set(name, nowMs);
    return { name, dueAtMs };
  }

  ended(name: string): void {
    this.#running.delete(name);
    this.#long.delete(name);
  }

  /** Those that are to be stopped because too many take long, the oldest first. */
  surplus(): readonly string[] {
    const count = this.#long.size - this.#options.mostLong;
    return count > 0 ? [...this.#long].slice(0, count) : [];
  }

  /** Milliseconds until one that waits may begin though none of the running ones ends; infinity if none waits. */
  waitMs(nowMs: number): number {
    if (this.#waiting.size === 0) return Number.POSITIVE_INFINITY;
    if (this.#running.size < this.#options.most) return 0;
    const [oldest = nowMs] = this.#running.values();
    return Math.max(0, oldest + this.#options.longMs - nowMs);
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#running.size < this.#options.most) return true;
    for (const [name, beganAtMs] of this.#running) {
      if (nowMs - beganAtMs < this.#options.longMs) break;
      this.#running.delete(name);
      this.#long.add(name);
    }
    return this.#running.size < this.#options.most;
  }
}

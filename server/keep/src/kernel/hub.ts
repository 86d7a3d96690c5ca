// Tells listeners what happens in a module: the watch, the bus, the monitor, the courier. Nothing is told before it is durable. A
// listener that is too slow loses what it missed, and is told so.

const MOST_WAITING = 10_000;

/** A queue for one listener, bounded; `overrun` stands for everything it missed. */
class Listener<Item> {
  readonly #overrun: Item | undefined;
  #isLost = false;
  #isStopped = false;
  #waiting: Item[] = [];
  #wake: (() => void) | undefined;

  constructor(overrun: Item | undefined) {
    this.#overrun = overrun;
  }

  /** It missed something and nothing can tell it so: it has to start over. */
  get isLost(): boolean {
    return this.#isLost;
  }

  push(item: Item): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(item);
    else if (this.#overrun !== undefined) this.#waiting = [this.#overrun];
    else this.#isLost = true;
    this.#wake?.();
  }

  /** What is waiting; waits for something until `stop`. */
  async next(): Promise<readonly Item[]> {
    if (this.#waiting.length === 0 && !this.#isStopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return this.#waiting.splice(0);
  }

  /** Nothing more is waited for. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }
}

/** Everybody who listens to one kind of item. */
export class Hub<Item> {
  readonly #listeners = new Set<Listener<Item>>();
  readonly #overrun: Item | undefined;

  /** Without `overrun`, a listener that is too slow is ended. */
  constructor(overrun?: Item) {
    this.#overrun = overrun;
  }

  /** Whether it is worth making an item. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  tell(item: Item): void {
    for (const listener of this.#listeners) listener.push(item);
  }

  /** Listens from this call on, until `signal` aborts or the iteration ends; `first` come before everything else. */
  listen(first: AsyncIterable<Item>, signal: AbortSignal): AsyncIterable<Item> {
    const listener = new Listener(this.#overrun);
    this.#listeners.add(listener);
    const listeners = this.#listeners;
    const stop = (): void => listener.stop();
    signal.addEventListener('abort', stop, { once: true });
    return (async function* () {
      try {
        yield* first;
        while (!signal.aborted && !listener.isLost) yield* await listener.next();
      } finally {
        signal.removeEventListener('abort', stop);
        listeners.delete(listener);
      }
    })();
  }
}

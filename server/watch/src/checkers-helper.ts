// The watch's end of the checkers' helper: a process of its own, under an account of its own, that holds neither the link nor
// its key. Invariant: each check that was begun is told once how it ended. If it ends unasked, so does the watch, which could not
// start another one.

import type { CheckerOrder } from './checker-order.ts';
import { type Answer, encodeFrame, FrameReader, type Order, parseAnswer } from './frames.ts';
import type { HelperLine } from './helper-line.ts';
import type { Checkers, Ending } from './machine-checks.ts';

/** The helper ended, or speaks nonsense; its own words are on standard error. */
export class HelperEndedError extends Error {
  override readonly name = 'HelperEndedError';
}

/** How long the helper may take to end what runs before it is left to itself. */
const STOP_PATIENCE_MS = 2_000;

export class CheckersHelper implements Checkers {
  readonly #line: HelperLine;
  readonly #running = new Map<number, (ending: Ending) => void>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<never>();
  #unsent: Buffer[] = [];
  #nextId = 1;
  #isClosing = false;
  #hasEnded = false;

  constructor(line: HelperLine) {
    this.#line = line;
    // It may be waited for later, or by nobody.
    this.#ready.promise.catch(() => undefined);
    this.#ended.promise.catch(() => undefined);
    void line.ended.then((how) => {
      this.#hasEnded = true;
      this.#fail(how);
    });
    this.#listen();
  }

  get pid(): number | undefined {
    return this.#line.pid;
  }

  /** Resolves when it has given up root and takes orders. Rejects with {@link HelperEndedError}. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Never resolves; rejects with {@link HelperEndedError} when it ends without having been asked. */
  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  begin(order: Exclude<CheckerOrder, { readonly kind: 'wrong' }>, ended: (ending: Ending) => void): () => void {
    const id = this.#nextId++;
    this.#running.set(id, ended);
    this.#send({ ...order, id });
    return () => {
      if (this.#running.has(id)) this.#send({ kind: 'stop', id });
    };
  }

  /** Ends everything that runs, and the helper. Resolves when it has ended, or after some patience. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#running.clear();
    if (this.#hasEnded) return;
    const impatience = Promise.withResolvers<void>();
    const timer = setTimeout(impatience.resolve, STOP_PATIENCE_MS);
    this.#line.orders.end();
    await Promise.race([this.#line.ended, impatience.promise]);
    clearTimeout(timer);
  }

  #listen(): void {
    const reader = new FrameReader();
    this.#line.answers.on('data', (chunk: Buffer) => {
      try {
        for (const message of reader.push(chunk)) this.#take(parseAnswer(message));
      } catch (error) {
        this.#fail(error instanceof Error ? error.message : 'speaks nonsense');
      }
    });
  }

  #take(answer: Answer): void {
    if (answer.kind === 'ready') {
      this.#ready.resolve();
      return;
    }
    const { id, ...ending } = answer;
    const ended = this.#running.get(id);
    this.#running.delete(id);
    ended?.(ending);
  }

  /** What is begun in the same turn leaves in one write. */
  #send(order: Order): void {
    if (this.#unsent.push(encodeFrame(order)) > 1) return;
    queueMicrotask(() => {
      const frames = this.#unsent;
      this.#unsent = [];
      if (!this.#isClosing) this.#line.orders.write(Buffer.concat(frames));
    });
  }

  #fail(what: string): void {
    if (this.#isClosing) return;
    const error = new HelperEndedError(`the process that runs the checkers ${what}`);
    this.#ready.reject(error);
    this.#ended.reject(error);
  }
}

// The main thread's side of the writer: sends what was committed in one turn of the event loop as one message, and matches
// answers to questions by their order. How much may wait is bounded; beyond it the store is busy.

import { Worker } from 'node:worker_threads';
import type { StoreIdentity } from './create-store-file.ts';
import { decodeOutcomes, type Outcome } from './outcome-wire.ts';
import { StoreError } from './store-error.ts';
import type { FromWriter, StoreEvent, ThreadTask, ToWriter } from './thread-messages.ts';

const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 64 * 1_048_576;

/** Starts one of the store's threads, from source or from a bundle. */
export const startThread = (task: ThreadTask): Worker =>
  new Worker(new URL(import.meta.url.endsWith('.ts') ? './writer.ts' : './store-writer.js', import.meta.url), {
    workerData: task,
    name: `store-${task.task}`,
    // Most of what it handles is garbage at once; a large young generation would only stay resident.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });

interface Deferred<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

interface WaitingCommit {
  readonly bytes: Uint8Array;
  readonly settle: (outcome: Outcome | Error) => void;
}

/** What the owner of the thread wants to hear. */
export interface WriterListener {
  readonly onEvent: (event: StoreEvent) => void;
  /** The writer is gone; nothing can be committed any more. */
  readonly onFatal: (error: StoreError) => void;
}

export class WriterThread {
  readonly #worker: Worker;
  readonly #listener: WriterListener;
  readonly #commits: WaitingCommit[] = [];
  #firstCommit = 0;
  #waitingBytes = 0;
  #unsent: Uint8Array[] = [];
  readonly #tokens: Deferred<number>[] = [];
  #starting: Deferred<StoreIdentity & { readonly revision: number }> | undefined;
  #idle: (() => void) | undefined;
  #ended: (() => void) | undefined;
  #failure: StoreError | undefined;

  constructor(request: Omit<Extract<ThreadTask, { task: 'write' }>, 'task'>, listener: WriterListener) {
    this.#listener = listener;
    this.#worker = startThread({ task: 'write', ...request });
    this.#worker.on('message', (message: FromWriter) => this.#hear(message));
    this.#worker.on('error', (error) => this.#fail(new StoreError('internal', `the writer stopped: ${String(error)}`)));
    this.#worker.on('exit', () => {
      if (this.#ended === undefined) this.#fail(new StoreError('internal', 'the writer stopped'));
      this.#ended?.();
    });
  }

  /** Resolves when the store is open. Rejects with the StoreError that says why it is not. */
  ready(): Promise<StoreIdentity & { readonly revision: number }> {
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
    });
  }

  get failure(): StoreError | undefined {
    return this.#failure;
  }

  /** Whether there is no room for another transaction of this size. */
  isBusy(sizeBytes: number): boolean {
    return this.#waitingCount >= MAX_WAITING || this.#waitingBytes + sizeBytes > MAX_WAITING_BYTES;
  }

  get #waitingCount(): number {
    return this.#commits.length - this.#firstCommit;
  }

  /** Sends an encoded transaction; `settle` is called once, with its outcome or why there is none. */
  commit(bytes: Uint8Array, settle: (outcome: Outcome | Error) => void): void {
    this.#commits.push({ bytes, settle });
    this.#waitingBytes += bytes.length;
    this.#unsent.push(bytes);
    // After all microtasks of this turn, so that everybody woken by one answer commits in one message.
    if (this.#unsent.length === 1) queueMicrotask(() => process.nextTick(() => this.#flush()));
  }

  #flush(): void {
    if (this.#unsent.length === 0) return;
    const message = new Uint8Array(this.#unsent.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const bytes of this.#unsent) {
      message.set(bytes, at);
      at += bytes.length;
    }
    this.#unsent = [];
    this.#worker.postMessage(message satisfies ToWriter, [message.buffer]);
  }

  #send(message: Exclude<ToWriter, Uint8Array>): void {
    this.#flush();
    this.#worker.postMessage(message);
  }

  /** A durable number greater than every one before. Rejects with StoreError. */
  leaseToken(): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#tokens.push({ resolve, reject });
      this.#send({ kind: 'lease-token' });
    });
  }

  /** Has the log written into the file, after something had kept it from being reused. */
  mergeLog(): void {
    if (this.#failure === undefined) this.#send({ kind: 'merge-log' });
  }

  /** Resolves when nothing waits for an answer. */
  whenIdle(): Promise<void> {
    if (this.#waitingCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Ends the thread; the file is closed. The caller sends nothing more. */
  close(): Promise<void> {
    if (this.#failure !== undefined) return this.#worker.terminate().then(() => undefined);
    return new Promise((resolve) => {
      this.#ended = resolve;
      this.#send({ kind: 'close' });
    });
  }

  #hear(message: FromWriter): void {
    if (message instanceof Uint8Array) {
      for (const outcome of decodeOutcomes(message)) this.#settleNext(outcome);
      return;
    }
    switch (message.kind) {
      case 'ready':
        this.#starting?.resolve(message);
        this.#starting = undefined;
        break;
      case 'failed':
        this.#failStart(new StoreError(message.code, message.message));
        break;
      case 'lease-token':
        this.#tokens.shift()?.resolve(message.token);
        break;
      case 'lease-token-failed':
        this.#tokens.shift()?.reject(new StoreError(message.code, message.message));
        break;
      case 'event':
        this.#listener.onEvent(message);
        break;
      case 'fatal':
        this.#fail(new StoreError('internal', message.message));
        break;
      case 'closed':
        break;
    }
  }

  #settleNext(outcome: Outcome | Error): void {
    const commit = this.#commits[this.#firstCommit];
    if (commit === undefined) return;
    this.#firstCommit += 1;
    this.#waitingBytes -= commit.bytes.length;
    if (this.#firstCommit === this.#commits.length || this.#firstCommit >= MAX_WAITING) {
      this.#commits.splice(0, this.#firstCommit);
      this.#firstCommit = 0;
    }
    commit.settle(outcome);
    if (this.#waitingCount === 0) this.#idle?.();
  }

  #failStart(error: StoreError): void {
    this.#failure = error;
    this.#starting?.reject(error);
    this.#starting = undefined;
  }

  #fail(error: StoreError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    if (this.#starting !== undefined) {
      this.#failStart(error);
      return;
    }
    this.#unsent = [];
    while (this.#waitingCount > 0) this.#settleNext(error);
    for (const { reject } of this.#tokens.splice(0)) reject(error);
    this.#listener.onFatal(error);
  }
}

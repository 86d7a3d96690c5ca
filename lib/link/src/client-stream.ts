// A stream as its reader sees it. The server may send one window of bytes ahead of the reader and no more, so that a slow
// reader holds a bounded amount. It ends by itself, or with the reason why it was cut off.

import type { RefusalCode, Result } from '@chatelaine/contract';

/** Bytes that the server may be ahead of the reader; an item may exceed it by its own size. */
export const STREAM_WINDOW_BYTES = 1_024 * 1_024;

/** A stream was cut off; the reader may ask for it again. `unavailable`: the connection or the server went away. */
export class StreamEndedError extends Error {
  override readonly name = 'StreamEndedError';
  readonly code: RefusalCode;

  constructor(code: RefusalCode) {
    super(`the stream was cut off: ${code}`);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: Error) => void;
}

interface Kept {
  readonly item: unknown;
  readonly sizeBytes: number;
  readonly body: Buffer | undefined;
}

const DONE = { done: true, value: undefined } as const;

export class ClientStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #grant: (bytes: number) => void;
  readonly #stop: () => void;
  readonly #items: Kept[] = [];
  readonly #waiting: Waiting[] = [];
  #owedBytes = 0;
  #end: Result<unknown> | undefined;

  /** `grant` lets the server send more; `stop` tells it that nobody reads any more. */
  constructor(grant: (bytes: number) => void, stop: () => void) {
    this.#grant = grant;
    this.#stop = stop;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item; its byte arrays are the reader's. Rejects once with {@link StreamEndedError} if cut off. */
  next(): Promise<IteratorResult<unknown, undefined>> {
    const kept = this.#items.shift();
    if (kept !== undefined) {
      this.#consume(kept.sizeBytes);
      return Promise.resolve({ done: false, value: kept.item });
    }
    if (this.#end !== undefined) {
      const end = this.#end;
      this.#end = { kind: 'ok', value: undefined };
      return end.kind === 'ok' ? Promise.resolve(DONE) : Promise.reject(new StreamEndedError(end.code));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Nobody reads any more: the server is told, and what was not read is wiped. */
  return(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#end === undefined) this.#stop();
    this.close({ kind: 'ok', value: undefined });
    for (const { body } of this.#items) body?.fill(0);
    this.#items.length = 0;
    this.#end = { kind: 'ok', value: undefined };
    return Promise.resolve(DONE);
  }

  push(item: unknown, sizeBytes: number, body: Buffer | undefined): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#items.push({ item, sizeBytes, body });
      return;
    }
    this.#consume(sizeBytes);
    waiting.resolve({ done: false, value: item });
  }

  /** Nothing more comes; what is here can still be read. */
  close(end: Result<unknown>): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) return;
    this.#end = { kind: 'ok', value: undefined };
    if (end.kind === 'ok') first.resolve(DONE);
    else first.reject(new StreamEndedError(end.code));
    for (const { resolve } of others) resolve(DONE);
  }

  #consume(sizeBytes: number): void {
    this.#owedBytes += sizeBytes;
    if (this.#owedBytes < STREAM_WINDOW_BYTES / 4 || this.#end !== undefined) return;
    this.#grant(this.#owedBytes);
    this.#owedBytes = 0;
  }
}

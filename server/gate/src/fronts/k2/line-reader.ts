// Lines of a stream, LF or CRLF at their end. Invariant: no more than one line of the permitted length and one chunk is ever
// held, and what was handed on or given up is wiped here.

import type { Duplex } from 'node:stream';

const LF = 0x0a;
const CR = 0x0d;

/** What became of the wait for a line. A line without an end, when the stream has ended, is none: it was cut off. */
export type ReadLine =
  /** Without its end. Belongs to the caller, who wipes it. */
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'too-long' }
  /** Nothing came at all. */
  | { readonly kind: 'idle' }
  /** It began and was not finished in time. */
  | { readonly kind: 'too-slow' };

export interface LineLimits {
  readonly mostBytes: number;
  /** Milliseconds until its first byte. */
  readonly idleMs: number;
  /** Milliseconds from its first byte on, or from the call on if a part was there already. */
  readonly lineMs: number;
}

export class LineReader {
  readonly #stream: Duplex;
  #held: Buffer = Buffer.alloc(0);
  #hasEnded = false;
  #wake: (() => void) | undefined;

  /** Takes the stream over; it flows only while somebody waits for a line. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.pause();
    stream.on('data', (chunk: Buffer) => {
      this.#hold(Buffer.concat([this.#held, chunk]));
      chunk.fill(0);
      stream.pause();
      this.#wake?.();
    });
    for (const event of ['end', 'close', 'error']) {
      stream.on(event, () => {
        this.#hasEnded = true;
        this.#wake?.();
      });
    }
  }

  /** Waits for the next line. One at a time. */
  async next({ mostBytes, idleMs, lineMs }: LineLimits): Promise<ReadLine> {
    let isBegun = this.#held.length > 0;
    let goodUntil = performance.now() + (isBegun ? lineMs : idleMs);
    for (;;) {
      const end = this.#held.indexOf(LF);
      if (end > mostBytes || (end < 0 && this.#held.length > mostBytes)) return { kind: 'too-long' };
      if (end >= 0) return { kind: 'line', bytes: this.#take(end) };
      if (this.#hasEnded) return { kind: 'end' };
      if (!isBegun && this.#held.length > 0) {
        isBegun = true;
        goodUntil = performance.now() + lineMs;
      }
      const leftMs = goodUntil - performance.now();
      if (leftMs <= 0) return { kind: isBegun ? 'too-slow' : 'idle' };
      await this.#more(leftMs);
    }
  }

  /** Ends a wait as if the stream had ended, and wipes what was not read. */
  stop(): void {
    this.#hasEnded = true;
    this.#hold(Buffer.alloc(0));
    this.#wake?.();
  }

  #hold(bytes: Buffer): void {
    this.#held.fill(0);
    this.#held = bytes;
  }

  #take(end: number): Buffer {
    const last = end > 0 && this.#held[end - 1] === CR ? end - 1 : end;
    const line = Buffer.allocUnsafeSlow(last);
    this.#held.copy(line, 0, 0, last);
    const rest = Buffer.allocUnsafeSlow(this.#held.length - end - 1);
    this.#held.copy(rest, 0, end + 1);
    this.#hold(rest);
    return line;
  }

  #more(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), mostMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      this.#stream.resume();
    });
  }
}

// One authenticated connection as a way for frames, in both directions. It ends once, for one reason, and then nothing of
// what it carried is left in its buffers. A peer that stops taking bytes is let go after a while.

import type { Duplex } from 'node:stream';
import { type FrameBody, FrameFormError, type FrameKind } from './frame.ts';
import { FrameReader, type ReadFrame } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { overwriteStackSoon } from './overwrite-stack.ts';

const CLOSING_MS = 2_000;
const CHECKS_PER_STALL = 4;

export interface FrameChannelOptions {
  /** A throw ends the connection. */
  readonly receive: (frame: ReadFrame) => void;
  /** After bytes were taken by the stream. */
  readonly progress?: () => void;
  /** Called once, when nothing can be sent or received any more. Without an error it was closed in order. */
  readonly closed: (error: Error | undefined) => void;
  /** Milliseconds without any byte taken, while some wait, after which the peer is let go. */
  readonly stallMs: number;
}

export class FrameChannel {
  readonly #stream: Duplex;
  readonly #options: FrameChannelOptions;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #stall: NodeJS.Timeout;
  #reason: Error | undefined;
  #isClosed = false;
  #hasProgress = true;
  #stalledChecks = 0;
  #hasReceived = false;

  constructor(stream: Duplex, options: FrameChannelOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new FrameReader(options.receive);
    this.#writer = new FrameWriter(stream, () => {
      this.#hasProgress = true;
      options.progress?.();
    });
    this.#stall = setInterval(() => this.#checkStall(), options.stallMs / CHECKS_PER_STALL).unref();
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', (error) => this.destroy(error));
    stream.on('end', () => this.destroy());
    stream.on('close', () => this.destroy());
    if (stream.destroyed) queueMicrotask(() => this.destroy());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /** Whether anything came since the last time this was asked. */
  takeReceived(): boolean {
    const received = this.#hasReceived;
    this.#hasReceived = false;
    return received;
  }

  /** Sends a frame; returns its size. Does nothing once the channel is closed. */
  send(kind: FrameKind, id: number, body?: FrameBody): number {
    return this.#writer.send(kind, id, body);
  }

  /** Leaves what comes where it is, so that the other side has to wait. */
  pauseReading(): void {
    this.#stream.pause();
  }

  resumeReading(): void {
    this.#stream.resume();
  }

  /** Sends what was sent, then closes. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.destroy(), CLOSING_MS);
    try {
      await this.#writer.drained();
      if (this.#isClosed) return;
      await new Promise<void>((resolve) => {
        this.#stream.once('close', resolve);
        this.#stream.end(resolve);
      });
    } finally {
      clearTimeout(timer);
      this.destroy();
    }
  }

  /** Closes at once. */
  destroy(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reason ??= error;
    clearInterval(this.#stall);
    this.#reader.stop();
    this.#writer.stop();
    this.#stream.destroy();
    this.#options.closed(this.#reason);
  }

  #take(chunk: Buffer): void {
    this.#hasReceived = true;
    overwriteStackSoon();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new FrameFormError('a frame could not be read'));
    }
  }

  #checkStall(): void {
    this.#stalledChecks = this.#writer.queuedBytes > 0 && !this.#hasProgress ? this.#stalledChecks + 1 : 0;
    this.#hasProgress = false;
    if (this.#stalledChecks > CHECKS_PER_STALL) this.destroy(new Error('the peer takes nothing any more'));
  }
}

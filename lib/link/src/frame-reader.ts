// Cuts a byte stream into frames. Every chunk is wiped before `push` returns: what is needed longer was copied once,
// into a buffer of exactly its size. A frame that spans chunks is gathered in its final buffer, never concatenated again.

import { COUNTED_HEAD_BYTES, FRAME_HEAD_BYTES, FrameFormError, MAX_BODY_BYTES } from './frame.ts';

/** A frame as it was read. */
export interface ReadFrame {
  readonly kind: number;
  readonly id: number;
  /** If `isOwn`, the receiver's to keep and to wipe; else a view that is wiped when the receiver returns. */
  readonly body: Buffer;
  readonly isOwn: boolean;
}

export class FrameReader {
  readonly #receive: (frame: ReadFrame) => void;
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  #headBytes = 0;
  #body: Buffer | undefined;
  #bodyBytes = 0;
  #isStopped = false;

  constructor(receive: (frame: ReadFrame) => void) {
    this.#receive = receive;
  }

  /**
   * Takes the next bytes and wipes them.
   *
   * @throws {@link FrameFormError} if they are no frames; the stream is of no use from then on
   */
  push(chunk: Buffer): void {
    try {
      let at = 0;
      while (at < chunk.length && !this.#isStopped)
        at = this.#body === undefined ? this.#begin(chunk, at) : this.#gather(chunk, at);
    } finally {
      chunk.fill(0);
    }
  }

  /** Wipes what was gathered so far; nothing is received any more. */
  stop(): void {
    this.#isStopped = true;
    this.#body?.fill(0);
    this.#body = undefined;
  }

  #begin(chunk: Buffer, from: number): number {
    const missing = FRAME_HEAD_BYTES - this.#headBytes;
    const taken = Math.min(missing, chunk.length - from);
    // The usual case reads the head where it lies.
    const isWhole = this.#headBytes === 0 && taken === FRAME_HEAD_BYTES;
    if (!isWhole) {
      chunk.copy(this.#head, this.#headBytes, from, from + taken);
      this.#headBytes += taken;
      if (this.#headBytes < FRAME_HEAD_BYTES) return from + taken;
    }
    this.#headBytes = 0;
    const at = from + taken;
    const head = isWhole ? chunk : this.#head;
    const headAt = isWhole ? from : 0;
    const length = head.readUInt32BE(headAt) - COUNTED_HEAD_BYTES;
    if (length < 0 || length > MAX_BODY_BYTES) throw new FrameFormError('a frame has an impossible length');
    if (at + length <= chunk.length) {
      this.#emit(head, headAt, chunk.subarray(at, at + length), false);
      return at + length;
    }
    if (isWhole) chunk.copy(this.#head, 0, from, at);
    this.#body = Buffer.allocUnsafeSlow(length);
    this.#bodyBytes = 0;
    return this.#gather(chunk, at);
  }

  #gather(chunk: Buffer, from: number): number {
    const body = this.#body;
    if (body === undefined) return from;
    const copied = chunk.copy(body, this.#bodyBytes, from);
    this.#bodyBytes += copied;
    if (this.#bodyBytes === body.length) {
      this.#body = undefined;
      this.#emit(this.#head, 0, body, true);
    }
    return from + copied;
  }

  #emit(head: Buffer, at: number, body: Buffer, isOwn: boolean): void {
    this.#receive({ kind: head.readUInt8(at + 4), id: head.readUInt32BE(at + 5), body, isOwn });
  }
}

// Puts frames into batches and writes them: everything that is sent in one turn of the event loop leaves in one write,
// of about 64 kB at most. One write is under way at a time, so that what waits is counted here and nowhere else. A batch
// that carried byte arrays is wiped as soon as it is written. Each write is a single buffer: node:tls copies several
// into one that nobody wipes.

import type { Writable } from 'node:stream';
import { COUNTED_HEAD_BYTES, FRAME_HEAD_BYTES, type FrameBody, type FrameKind } from './frame.ts';

const BATCH_BYTES = 65_536;
const KEPT_BATCHES = 2;

interface Batch {
  readonly buffer: Buffer;
  usedBytes: number;
  mayHoldSecrets: boolean;
}

export class FrameWriter {
  readonly #stream: Writable;
  readonly #progress: () => void;
  readonly #full: Batch[] = [];
  readonly #free: Buffer[] = [];
  #filling: Batch | undefined;
  #writing: Batch | undefined;
  #writtenBytes = 0;
  #queuedBytes = 0;
  #isScheduled = false;
  #isStopped = false;
  #whenEmpty: (() => void) | undefined;

  /** `progress` is called after every finished write. */
  constructor(stream: Writable, progress: () => void) {
    this.#stream = stream;
    this.#progress = progress;
  }

  /** Bytes that were not taken by the stream yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Copies a frame into the batch; returns its size in bytes. The body's byte arrays may be wiped afterwards. */
  send(kind: FrameKind, id: number, body?: FrameBody): number {
    const bodyBytes = body?.sizeBytes ?? 0;
    const sizeBytes = FRAME_HEAD_BYTES + bodyBytes;
    if (this.#isStopped) return sizeBytes;
    const batch = this.#batchFor(sizeBytes);
    const at = batch.usedBytes;
    batch.buffer.writeUInt32BE(COUNTED_HEAD_BYTES + bodyBytes, at);
    batch.buffer.writeUInt8(kind, at + 4);
    batch.buffer.writeUInt32BE(id, at + 5);
    body?.writeInto(batch.buffer, at + FRAME_HEAD_BYTES);
    batch.usedBytes += sizeBytes;
    if (body !== undefined && body.attachments > 0) batch.mayHoldSecrets = true;
    this.#queuedBytes += sizeBytes;
    if (!this.#isScheduled && this.#writing === undefined) {
      this.#isScheduled = true;
      setImmediate(this.#flush);
    }
    return sizeBytes;
  }

  /** Resolves when everything sent so far was taken by the stream, or never will be. */
  async drained(): Promise<void> {
    if (this.#isStopped || this.#queuedBytes === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** Wipes and forgets what was not written. */
  stop(): void {
    this.#isStopped = true;
    for (const batch of [...this.#full, this.#filling, this.#writing]) batch?.buffer.fill(0, 0, batch.usedBytes);
    this.#full.length = 0;
    this.#filling = undefined;
    this.#writing = undefined;
    this.#free.length = 0;
    this.#queuedBytes = 0;
    this.#whenEmpty?.();
  }

  #batchFor(sizeBytes: number): Batch {
    const present = this.#filling;
    if (present !== undefined) {
      if (present.usedBytes + sizeBytes <= present.buffer.length) return present;
      this.#full.push(present);
    }
    const buffer =
      (sizeBytes <= BATCH_BYTES ? this.#free.pop() : undefined) ??
      Buffer.allocUnsafeSlow(Math.max(BATCH_BYTES, sizeBytes));
    this.#filling = { buffer, usedBytes: 0, mayHoldSecrets: false };
    return this.#filling;
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    if (this.#isStopped || this.#writing !== undefined) return;
    let next = this.#full.shift();
    if (next === undefined) {
      next = this.#filling;
      this.#filling = undefined;
    }
    if (next === undefined) {
      this.#whenEmpty?.();
      this.#whenEmpty = undefined;
      return;
    }
    this.#writing = next;
    this.#writtenBytes = 0;
    this.#write(next);
  };

  // A large frame goes out in pieces, so that progress shows on a slow line.
  #write(batch: Batch): void {
    const from = this.#writtenBytes;
    const to = Math.min(from + BATCH_BYTES, batch.usedBytes);
    this.#stream.write(batch.buffer.subarray(from, to), (error) => {
      if (error !== null && error !== undefined) return;
      if (this.#isStopped) return;
      this.#queuedBytes -= to - from;
      this.#writtenBytes = to;
      if (to < batch.usedBytes) this.#write(batch);
      else this.#finish(batch);
      this.#progress();
    });
  }

  #finish(batch: Batch): void {
    if (batch.mayHoldSecrets) batch.buffer.fill(0, 0, batch.usedBytes);
    if (batch.buffer.length === BATCH_BYTES && this.#free.length < KEPT_BATCHES) this.#free.push(batch.buffer);
    this.#writing = undefined;
    this.#flush();
  }
}

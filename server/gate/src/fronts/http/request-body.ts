// The bodies of requests, in memory of their own that is wiped: they may hold secrets. A body that is too large is given up as
// soon as that is known, and all of them together are bounded too, since whoever sends one is not known yet.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ok, type Result, refuse } from '@chatelaine/contract';

const MAX_HELD_BYTES = 64 * 1_024 * 1_024;
const FIRST_BYTES = 1_024;

/** A body that was read, or is being read. */
class Body {
  #bytes: Buffer;
  #size = 0;

  constructor(sizeBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  /** How large it has to become to take so many more bytes. */
  sizeWith(more: number): number {
    return this.#size + more;
  }

  grow(capacity: number): void {
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes.fill(0);
    this.#bytes = larger;
  }

  append(chunk: Buffer): void {
    this.#size += chunk.copy(this.#bytes, this.#size);
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}

/** Whoever gets one gives it back to {@link RequestBodies.release}. */
export type RequestBody = Pick<Body, 'bytes' | 'capacity' | 'wipe'>;

export class RequestBodies {
  readonly #mostBytes: number;
  #heldBytes = 0;

  /** Of at most `mostBytes` each. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Wipes a body; it must not be used any more. */
  release(body: RequestBody): void {
    this.#heldBytes -= body.capacity;
    body.wipe();
  }

  /**
   * Reads a body. What arrives is wiped where it arrived. Refusals: `too-large`, `busy` if all together are too much,
   * `cancelled` if the rest never came.
   */
  read(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Result<RequestBody>> {
    const announced = Number(incoming.headers['content-length'] ?? FIRST_BYTES);
    if (announced > this.#mostBytes) return Promise.resolve(refuse('too-large'));
    if (!this.#hold(announced)) return Promise.resolve(refuse('busy'));
    if (incoming.headers.expect !== undefined) outgoing.writeContinue();
    return new Promise((resolve) => {
      const body = new Body(announced);
      const end = (result: Result<RequestBody>): void => {
        incoming.off('data', take).off('end', finish).off('close', giveUp).off('error', giveUp);
        if (result.kind === 'refused') {
          this.release(body);
          // Nobody listens any more to how it breaks.
          incoming.pause().on('error', () => undefined);
        }
        resolve(result);
      };
      const take = (chunk: Buffer): void => {
        const problem = this.#makeRoom(body, chunk.length);
        if (problem === undefined) body.append(chunk);
        chunk.fill(0);
        if (problem !== undefined) end(refuse(problem));
      };
      const finish = (): void => end(ok(body));
      const giveUp = (): void => end(refuse('cancelled'));
      incoming.on('data', take).on('end', finish).on('close', giveUp).on('error', giveUp);
    });
  }

  #hold(bytes: number): boolean {
    if (this.#heldBytes + bytes > MAX_HELD_BYTES) return false;
    this.#heldBytes += bytes;
    return true;
  }

  #makeRoom(body: Body, more: number): 'too-large' | 'busy' | undefined {
    const needed = body.sizeWith(more);
    if (needed > this.#mostBytes) return 'too-large';
    if (needed <= body.capacity) return undefined;
    const capacity = Math.min(this.#mostBytes, 2 * needed);
    if (!this.#hold(capacity - body.capacity)) return 'busy';
    body.grow(capacity);
    return undefined;
  }
}

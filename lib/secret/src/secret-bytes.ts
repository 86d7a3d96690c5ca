// A secret in locked memory. Whoever gets one releases it, once or more often; then it is zero.
//
// The bytes may be read and written through `bytes`. A view kept after `release` sees zeros, and later somebody else's
// secret: never keep one. Never pass a view to postMessage or structuredClone, which copy the whole region behind it.

import { inspect } from 'node:util';
import { type LockedPiece, lockedMemory } from './locked-memory.ts';
import { type FillRandom, fillRandom } from './random.ts';

const SHOWN = '[secret]';

/**
 * Bytes that are locked in memory and zeroed when released. Nothing that prints an object shows them.
 *
 * @example
 * using key = SecretBytes.random(32);
 * key.bytes.length; // 32
 * `${key}`; // '[secret]'
 */
export class SecretBytes implements Disposable {
  #piece: LockedPiece | undefined;
  #bytes: Buffer;

  private constructor(piece: LockedPiece) {
    this.#piece = piece;
    this.#bytes = piece.bytes;
  }

  /** Zero bytes to be filled. Throws LockedMemoryExhaustedError. */
  static allocate(sizeBytes: number): SecretBytes {
    return new SecretBytes(lockedMemory.take(sizeBytes));
  }

  /** A copy of `bytes`, which the caller wipes. */
  static copyOf(bytes: Uint8Array): SecretBytes {
    const secret = SecretBytes.allocate(bytes.length);
    secret.#bytes.set(bytes);
    return secret;
  }

  static random(sizeBytes: number, fill: FillRandom = fillRandom): SecretBytes {
    const secret = SecretBytes.allocate(sizeBytes);
    fill(secret.#bytes);
    return secret;
  }

  /** Throws after release. */
  get bytes(): Buffer {
    if (this.#piece === undefined) throw new Error('a released secret was used');
    return this.#bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  get isReleased(): boolean {
    return this.#piece === undefined;
  }

  /** Hides the first `count` bytes from `bytes`; they are zeroed at release all the same. */
  dropFront(count: number): this {
    this.#bytes = this.bytes.subarray(count);
    return this;
  }

  /** Zeroes the bytes. Idempotent. */
  release(): void {
    const piece = this.#piece;
    this.#piece = undefined;
    piece?.free();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

// Room on the disk that is kept for what must not wait until somebody has tidied up: a file beside the store, which is given up
// when the disk is full, and made again by itself as soon as there is room for it.

import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { storeErrorOf } from './sqlite-failure.ts';

const CHUNK_BYTES = 65_536;
const TRY_EVERY_MS = 1_000;

export class DiskReserve {
  readonly #path: string;
  readonly #sizeBytes: number;
  readonly #nowMs: () => number;
  #isSpent: boolean;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  /** Of the store at `path`; of 0 bytes there is none. Nothing is made before {@link hold}. */
  constructor(path: string, sizeBytes: number, nowMs: () => number = () => performance.now()) {
    this.#path = `${path}-reserve`;
    this.#sizeBytes = sizeBytes;
    this.#isSpent = sizeBytes > 0;
    this.#nowMs = nowMs;
  }

  /** It was given up, or there has been no room for it. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /**
   * Makes it, unless it is there or this was tried a moment ago; true unless there is no room. Throws StoreError if it cannot be made
   * for another reason; the store is as good without it.
   */
  hold(): boolean {
    if (!this.#isSpent) return true;
    if (this.#nowMs() - this.#triedAtMs < TRY_EVERY_MS) return false;
    this.#triedAtMs = this.#nowMs();
    try {
      if (statSync(this.#path, { throwIfNoEntry: false })?.size !== this.#sizeBytes) this.#make();
      this.#isSpent = false;
      return true;
    } catch (error) {
      rmSync(this.#path, { force: true });
      const failure = storeErrorOf(error, this.#path);
      if (failure.code === 'disk-full') return false;
      this.#isSpent = false;
      throw failure;
    }
  }

  /** Gives it up; false if there was nothing to give up. */
  spend(): boolean {
    if (this.#isSpent || this.#sizeBytes === 0) return false;
    this.#isSpent = true;
    // Whoever has just filled the disk is not likely to have made room.
    this.#triedAtMs = this.#nowMs();
    const isThere = statSync(this.#path, { throwIfNoEntry: false }) !== undefined;
    rmSync(this.#path, { force: true });
    return isThere;
  }

  /** Noise: a file system may keep zeros without keeping room for them. */
  #make(): void {
    const file = openSync(this.#path, 'w', 0o600);
    try {
      const noise = randomFillSync(Buffer.allocUnsafe(CHUNK_BYTES));
      for (let left = this.#sizeBytes; left > 0; ) left -= writeSync(file, noise, 0, Math.min(left, CHUNK_BYTES));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

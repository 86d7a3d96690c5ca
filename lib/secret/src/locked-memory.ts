// Locked memory: never swapped, not in core dumps, with guard pages around each region (libsodium's sodium_malloc).
//
// A region of its own costs about 25 µs and three pages, and the limit on locked memory is often 8 MiB. So small secrets,
// which come and go with every request, share regions cut into equal slots; a slot is zero whenever nobody holds it.

import sodium from 'sodium-native';
import { wipe } from './wipe.ts';

/** Locked memory is used up. The limit is RLIMIT_MEMLOCK (`ulimit -l`, systemd's LimitMEMLOCK=). */
export class LockedMemoryExhaustedError extends Error {
  override readonly name = 'LockedMemoryExhaustedError';
}

/** A piece of locked memory, zero when handed out. */
export interface LockedPiece {
  readonly bytes: Buffer;
  /** Zeroes it and gives it back; to be called once. */
  free(): void;
}

/** What is held, for tests and for the status of a process. */
export interface LockedMemoryUse {
  /** Pieces handed out and not yet given back. */
  readonly pieces: number;
  /** Bytes of all regions that are locked now, without guard pages. */
  readonly lockedBytes: number;
}

const REGION_BYTES = 131_072;
const SMALLEST_SLOT_BYTES = 64;
const LARGEST_SLOT_BYTES = 16_384;

const allocateRegion = (sizeBytes: number): Buffer => {
  let region: Buffer | undefined;
  try {
    region = sodium.sodium_malloc(sizeBytes);
    // sodium_malloc ignores that it could not lock; asking again tells.
    sodium.sodium_mlock(region);
  } catch {
    if (region !== undefined) sodium.sodium_free(region);
    throw new LockedMemoryExhaustedError(
      `cannot lock ${sizeBytes} more bytes of memory; raise the limit (ulimit -l, LimitMEMLOCK=) or do less at once`,
    );
  }
  // libsodium fills what it hands out with 0xdb.
  wipe(region);
  return region;
};

/** Slots of one size. */
class SlotClass {
  readonly #sizeBytes: number;
  readonly #free: Buffer[] = [];

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  /** Returns how many bytes were newly locked. */
  #grow(): number {
    const region = allocateRegion(REGION_BYTES);
    for (let at = REGION_BYTES - this.#sizeBytes; at >= 0; at -= this.#sizeBytes) {
      this.#free.push(region.subarray(at, at + this.#sizeBytes));
    }
    return REGION_BYTES;
  }

  take(noteLocked: (bytes: number) => void): Buffer {
    let slot = this.#free.pop();
    if (slot === undefined) {
      noteLocked(this.#grow());
      slot = this.#free.pop();
      if (slot === undefined) throw new Error('a fresh region holds no slot');
    }
    return slot;
  }

  give(slot: Buffer): void {
    this.#free.push(slot);
  }
}

/** A pool of locked memory. A process needs one: {@link lockedMemory}. */
export class LockedMemory {
  readonly #classes: readonly SlotClass[];
  #pieces = 0;
  #lockedBytes = 0;
  readonly #noteLocked = (bytes: number): void => {
    this.#lockedBytes += bytes;
  };

  constructor() {
    const classes: SlotClass[] = [];
    for (let size = SMALLEST_SLOT_BYTES; size <= LARGEST_SLOT_BYTES; size *= 2) classes.push(new SlotClass(size));
    this.#classes = classes;
  }

  /** Takes `sizeBytes` zero bytes. Throws {@link LockedMemoryExhaustedError}. */
  take(sizeBytes: number): LockedPiece {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new RangeError('a size is a number of bytes');
    if (sizeBytes > LARGEST_SLOT_BYTES) return this.#takeRegion(sizeBytes);
    const index = sizeBytes <= SMALLEST_SLOT_BYTES ? 0 : 32 - Math.clz32(sizeBytes - 1) - 6;
    const slots = this.#classes[index];
    if (slots === undefined) throw new Error('no class of slots for this size');
    const slot = slots.take(this.#noteLocked);
    this.#pieces++;
    const bytes = sizeBytes === slot.length ? slot : slot.subarray(0, sizeBytes);
    return {
      bytes,
      free: () => {
        wipe(bytes);
        slots.give(slot);
        this.#pieces--;
      },
    };
  }

  use(): LockedMemoryUse {
    return { pieces: this.#pieces, lockedBytes: this.#lockedBytes };
  }

  #takeRegion(sizeBytes: number): LockedPiece {
    const region = allocateRegion(sizeBytes);
    this.#pieces++;
    this.#lockedBytes += sizeBytes;
    return {
      bytes: region,
      free: () => {
        wipe(region);
        this.#pieces--;
        this.#lockedBytes -= sizeBytes;
        // Freed memory is given back at some later turn of the event loop; the lock is given back now.
        sodium.sodium_munlock(region);
        sodium.sodium_free(region);
      },
    };
  }
}

/** The pool of this process. */
export const lockedMemory = new LockedMemory();

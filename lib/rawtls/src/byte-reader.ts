// Reads lengths and fields of a TLS structure front to back. A read past the end never throws: it yields nothing and
// the reader is spoiled for good, so that one look at `isSpent` at the end tells whether everything was exactly there.
// RFC 8446 section 3 (presentation language).

const NOTHING = Buffer.alloc(0);

export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;
  #spoiled = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether every byte was read, and none beyond. */
  get isSpent(): boolean {
    return !this.#spoiled && this.#at === this.#bytes.length;
  }

  /** Whether something is left; false once spoiled, so that loops end. */
  get hasMore(): boolean {
    return !this.#spoiled && this.#at < this.#bytes.length;
  }

  /** An unsigned big-endian integer of 1 to 4 bytes; 0 if they are not there. */
  uint(sizeBytes: 1 | 2 | 3 | 4): number {
    if (!this.#has(sizeBytes)) return 0;
    const value = this.#bytes.readUIntBE(this.#at, sizeBytes);
    this.#at += sizeBytes;
    return value;
  }

  /** The next bytes, as a view; nothing if they are not all there. */
  take(sizeBytes: number): Buffer {
    if (!this.#has(sizeBytes)) return NOTHING;
    const taken = this.#bytes.subarray(this.#at, this.#at + sizeBytes);
    this.#at += sizeBytes;
    return taken;
  }

  /** A vector with its length in front. */
  vector(lengthBytes: 1 | 2 | 3): Buffer {
    return this.take(this.uint(lengthBytes));
  }

  #has(sizeBytes: number): boolean {
    if (!this.#spoiled && this.#bytes.length - this.#at >= sizeBytes) return true;
    this.#spoiled = true;
    return false;
  }
}

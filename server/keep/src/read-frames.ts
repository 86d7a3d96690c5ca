// What a parent hands over on standard input: frames of a length (u32, big-endian) and so many bytes, ended by an empty one; what
// comes after them is read one byte at a time.

import { wipe } from '@chatelaine/secret';

const MAX_FRAME_BYTES = 65_536;
const MAX_FRAMES = 64;

/** Reads one stream; nothing of it stays but what is handed out. */
export class FrameReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** All frames up to the empty one. The caller wipes them. Throws RangeError for what is not of this form. */
  async frames(): Promise<readonly Buffer[]> {
    const frames: Buffer[] = [];
    for (;;) {
      const head = await this.#take(4);
      const length = head?.readUInt32BE() ?? -1;
      if (length === 0) return frames;
      const frame = length > 0 && length <= MAX_FRAME_BYTES && frames.length < MAX_FRAMES && (await this.#take(length));
      if (!frame) throw new RangeError('standard input is not a sequence of frames');
      frames.push(frame);
    }
  }

  /** The next byte; undefined at the end. */
  async byte(): Promise<number | undefined> {
    return (await this.#take(1))?.[0];
  }

  async #take(sizeBytes: number): Promise<Buffer | undefined> {
    const taken = Buffer.allocUnsafeSlow(sizeBytes);
    for (let filled = 0; filled < sizeBytes; ) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) return undefined;
        this.#rest = next.value;
        continue;
      }
      const copied = this.#rest.copy(taken, filled);
      wipe(this.#rest.subarray(0, copied));
      this.#rest = this.#rest.subarray(copied);
      filled += copied;
    }
    return taken;
  }
}

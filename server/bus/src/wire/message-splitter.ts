// Cuts a stream of bytes into whole messages.

import { FIXED_HEADER_BYTES, messageLength } from './message.ts';

export class MessageSplitter {
  #parts: Buffer[] = [];
  #heldBytes = 0;

  /** Takes what arrived; gives the messages that are whole now, each with memory that stays as it is. */
  push(part: Buffer): readonly Buffer[] {
    this.#parts.push(part);
    this.#heldBytes += part.length;
    const messages: Buffer[] = [];
    for (;;) {
      if (this.#heldBytes < FIXED_HEADER_BYTES) return messages;
      if ((this.#parts[0]?.length ?? 0) < FIXED_HEADER_BYTES) this.#join();
      const length = messageLength(this.#parts[0] as Buffer);
      if (this.#heldBytes < length) return messages;
      this.#join();
      const [all] = this.#parts as [Buffer];
      messages.push(all.subarray(0, length));
      this.#parts = [all.subarray(length)];
      this.#heldBytes -= length;
    }
  }

  #join(): void {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
  }
}

// Messages between the watch and the checkers' helper: a length of 4 bytes, big-endian, then so many bytes of JSON. Over the
// helper's standard input and output.

const LENGTH_BYTES = 4;

/** A checker of 64 KiB can grow when its values are put in. */
export const MAX_FRAME_BYTES = 4 * 1_024 * 1_024;

/** What arrived is no frame: a fault of the other side. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** What the watch asks of the helper. */
export type Order =
  /** Run this by the shell. */
  | { readonly kind: 'run'; readonly id: number; readonly command: string }
  /** Look whether a TLS server holds a key. */
  | {
      readonly kind: 'tls-key';
      readonly id: number;
      readonly host: string;
      readonly port: number;
      readonly keySha256: string;
    }
  /** End what runs under this number. */
  | { readonly kind: 'stop'; readonly id: number };

/** What the helper answers. */
export type Answer =
  | { readonly kind: 'ready' }
  /** As of wait(2). */
  | { readonly kind: 'ended'; readonly id: number; readonly waitStatus: number }
  /** It could not be started; says nothing about the machine. */
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };

/** One message as bytes. */
export const encodeFrame = (message: Order | Answer): Buffer => {
  const text = JSON.stringify(message);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + Buffer.byteLength(text));
  frame.writeUInt32BE(frame.length - LENGTH_BYTES, 0);
  frame.write(text, LENGTH_BYTES);
  return frame;
};

/** Puts messages together from bytes as they come. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Takes bytes; gives the messages that are complete now. Throws {@link FrameError}. */
  push(chunk: Buffer): readonly unknown[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const messages: unknown[] = [];
    for (let length = this.#length(); length !== undefined; length = this.#length()) {
      if (length > MAX_FRAME_BYTES) throw new FrameError('a frame is too long');
      if (this.#bytes < LENGTH_BYTES + length) break;
      const whole = this.#joined();
      messages.push(this.#parse(whole.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + length)));
      this.#chunks = [whole.subarray(LENGTH_BYTES + length)];
      this.#bytes -= LENGTH_BYTES + length;
    }
    return messages;
  }

  #length(): number | undefined {
    if (this.#bytes < LENGTH_BYTES) return undefined;
    const [first] = this.#chunks;
    return (first !== undefined && first.length >= LENGTH_BYTES ? first : this.#joined()).readUInt32BE(0);
  }

  /** One buffer of all that is there; only when it is needed, so that a long frame is not copied for every piece. */
  #joined(): Buffer {
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [whole];
    return whole;
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw new FrameError('a frame is not JSON');
    }
  }
}

const fieldsOf = (message: unknown): Readonly<Record<string, unknown>> =>
  typeof message === 'object' && message !== null ? (message as Readonly<Record<string, unknown>>) : {};

const isWhole = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;

/** Reads an answer of the helper, which may have been taken over by what it runs. Throws {@link FrameError}. */
export const parseAnswer = (message: unknown): Answer => {
  const { kind, id, waitStatus, reason } = fieldsOf(message);
  if (kind === 'ready') return { kind };
  if (isWhole(id, Number.MAX_SAFE_INTEGER)) {
    if (kind === 'ended' && isWhole(waitStatus, 0xffff)) return { kind, id, waitStatus };
    if (kind === 'failed' && typeof reason === 'string') return { kind, id, reason: reason.slice(0, 200) };
  }
  throw new FrameError('an answer of the helper has another form');
};

/** Reads an order. Throws {@link FrameError}. */
export const parseOrder = (message: unknown): Order => {
  const { kind, id, command, host, port, keySha256 } = fieldsOf(message);
  if (isWhole(id, Number.MAX_SAFE_INTEGER)) {
    if (kind === 'stop') return { kind, id };
    if (kind === 'run' && typeof command === 'string') return { kind, id, command };
    const isText = typeof host === 'string' && typeof keySha256 === 'string';
    if (kind === 'tls-key' && isText && isWhole(port, 65_535)) return { kind, id, host, port, keySha256 };
  }
  throw new FrameError('an order has another form');
};

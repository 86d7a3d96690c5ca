// One encoding for everything that crosses the link and everything that is sealed: a JSON head for structure, and every
// Uint8Array attached as raw bytes, so that a secret is never a string. Layout and vectors: docs/formats/message.md.
//
//   u32 head length | u32 number of attachments | u32 length of each | head (UTF-8 JSON) | attachments
//
// All integers are big-endian. In the head an attachment is {"$": index}; the indices are 0, 1, 2, … in the order in
// which the fields appear, each exactly once. A value has one encoding per order of its fields, and bytes that are not
// exactly one message are refused as a whole.

const MARK = '$';
const MAX_ATTACHMENTS = 4_096;
const MAX_DEPTH = 64;
const FIXED_BYTES = 8;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes are not a message. */
export class MessageFormError extends Error {
  override readonly name = 'MessageFormError';
}

const isForbiddenField = (key: string): boolean => key === MARK || key === '__proto__';

const detachFields = (value: object, attachments: Uint8Array[], depth: number): unknown => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('a message carries plain objects, arrays and Uint8Array, no other objects');
  }
  const fields = value as Readonly<Record<string, unknown>>;
  // Copied only from the first byte array on: most messages carry none.
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(fields)) {
    if (isForbiddenField(key)) throw new TypeError(`a message cannot carry a field named ${key}`);
    const item = fields[key];
    if (item === undefined) continue;
    const detached = detach(item, attachments, depth);
    if (detached !== item) copy ??= { ...fields };
    if (copy !== undefined) copy[key] = detached;
  }
  return copy ?? fields;
};

const detach = (value: unknown, attachments: Uint8Array[], depth: number): unknown => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('a message cannot carry NaN or Infinity');
      return value;
    case 'object':
      break;
    default:
      throw new TypeError(`a message cannot carry a ${typeof value}`);
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) {
    attachments.push(value);
    return { [MARK]: attachments.length - 1 };
  }
  if (depth >= MAX_DEPTH) throw new TypeError(`a message is at most ${MAX_DEPTH} levels deep`);
  if (!Array.isArray(value)) return detachFields(value, attachments, depth + 1);
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const item: unknown = value[index];
    const detached = detach(item, attachments, depth + 1);
    if (detached !== item) copy ??= [...value];
    if (copy !== undefined) copy[index] = detached;
  }
  return copy ?? value;
};

/** A value that is ready to be written into a buffer. It refers to the byte arrays of the value until it is written. */
export interface PreparedMessage {
  readonly sizeBytes: number;
  /** How many byte arrays it carries. Zero: nothing in it can be secret. */
  readonly attachments: number;
  /** Writes the message into `target` from `offset` on, which must leave room for `sizeBytes`. */
  readonly writeInto: (target: Buffer, offset: number) => void;
}

interface Detached {
  readonly text: string;
  readonly textBytes: number;
  readonly attachments: readonly Uint8Array[];
}

const detachAll = (value: unknown): Detached => {
  const attachments: Uint8Array[] = [];
  const text = JSON.stringify(value === undefined ? null : detach(value, attachments, 0));
  if (attachments.length > MAX_ATTACHMENTS)
    throw new TypeError(`a message carries at most ${MAX_ATTACHMENTS} byte arrays`);
  return { text, textBytes: Buffer.byteLength(text), attachments };
};

/** Writes lengths and head; returns where the attachments begin. */
const writeHead = ({ text, textBytes, attachments }: Detached, target: Buffer, offset: number): number => {
  target.writeUInt32BE(textBytes, offset);
  target.writeUInt32BE(attachments.length, offset + 4);
  let at = offset + FIXED_BYTES;
  for (const attachment of attachments) at = target.writeUInt32BE(attachment.length, at);
  return at + target.write(text, at, 'utf8');
};

/**
 * Measures a value, so that it can be written where it belongs without a copy in between.
 *
 * @throws TypeError for what {@link encodeMessage} cannot carry
 */
export const prepareMessage = (value: unknown): PreparedMessage => {
  const detached = detachAll(value);
  const { attachments, textBytes } = detached;
  let sizeBytes = FIXED_BYTES + 4 * attachments.length + textBytes;
  for (const attachment of attachments) sizeBytes += attachment.length;
  return {
    sizeBytes,
    attachments: attachments.length,
    writeInto: (target, offset) => {
      if (offset + sizeBytes > target.length) throw new RangeError('the message does not fit into the target');
      let at = writeHead(detached, target, offset);
      for (const attachment of attachments) {
        target.set(attachment, at);
        at += attachment.length;
      }
    },
  };
};

/**
 * Encodes a value of plain objects, arrays, strings, finite numbers, booleans, null and Uint8Array, at most 64 levels
 * deep. Undefined fields are left out; undefined alone is encoded as null.
 *
 * @returns parts to be written one after the other: a head of its own, then the given byte arrays themselves, not copies;
 *   they are the caller's to wipe
 * @throws TypeError for anything else, and for fields named `$` or `__proto__`
 */
export const encodeMessage = (value: unknown): Uint8Array[] => {
  const detached = detachAll(value);
  const head = Buffer.allocUnsafeSlow(FIXED_BYTES + 4 * detached.attachments.length + detached.textBytes);
  writeHead(detached, head, 0);
  return [head, ...detached.attachments];
};

/** Encodes a value as {@link encodeMessage} does, into one array of its own; the caller wipes it. */
export const encodeWhole = (value: unknown): Buffer => {
  const prepared = prepareMessage(value);
  const whole = Buffer.allocUnsafeSlow(prepared.sizeBytes);
  prepared.writeInto(whole, 0);
  return whole;
};

/** Puts the byte arrays back in their places, which must come in the order of their indices. */
class Attacher {
  readonly #attachments: readonly Uint8Array[];
  #next = 0;

  constructor(attachments: readonly Uint8Array[]) {
    this.#attachments = attachments;
  }

  get isComplete(): boolean {
    return this.#next === this.#attachments.length;
  }

  attach(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    // A mark is not a level of its own: what was encoded at the deepest level has to decode.
    const fields = value as Record<string, unknown>;
    if (Object.hasOwn(fields, MARK)) return this.#take(fields);
    if (depth >= MAX_DEPTH) throw new MessageFormError('the head is too deep');
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const item: unknown = value[index];
        if (typeof item === 'object') value[index] = this.attach(item, depth + 1);
      }
      return value;
    }
    for (const key of Object.keys(fields)) {
      if (key === '__proto__') throw new MessageFormError('the head has a field that no message carries');
      const item = fields[key];
      if (typeof item === 'object') fields[key] = this.attach(item, depth + 1);
    }
    return fields;
  }

  #take(mark: Readonly<Record<string, unknown>>): Uint8Array {
    const attachment = this.#attachments[this.#next];
    if (mark[MARK] !== this.#next || attachment === undefined || Object.keys(mark).length !== 1) {
      throw new MessageFormError('the head does not name the attachments in their order');
    }
    this.#next++;
    return attachment;
  }
}

const parseHead = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    throw new MessageFormError('the head is not JSON');
  }
};

/** How many byte arrays a message claims to carry; zero if the bytes end before they say so. */
export const countAttachments = (bytes: Uint8Array): number => (bytes.length < FIXED_BYTES ? 0 : readUint32(bytes, 4));

const readUint32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;

/**
 * Decodes a message. Byte arrays in the value are views of `bytes`: wiping `bytes` wipes them.
 *
 * @throws {@link MessageFormError} if the bytes are not exactly one message
 */
export const decodeMessage = (bytes: Uint8Array): unknown => {
  if (bytes.length < FIXED_BYTES) throw new MessageFormError('the message ends within its lengths');
  const headLength = readUint32(bytes, 0);
  const count = readUint32(bytes, 4);
  const headAt = FIXED_BYTES + 4 * count;
  if (count > MAX_ATTACHMENTS || headAt > bytes.length)
    throw new MessageFormError('the message ends within its lengths');
  let offset = headAt + headLength;
  const attachments: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const length = readUint32(bytes, FIXED_BYTES + 4 * index);
    if (offset + length > bytes.length) throw new MessageFormError('the message ends within an attachment');
    attachments.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  if (offset !== bytes.length) throw new MessageFormError('the lengths do not add up to the message');
  const attacher = new Attacher(attachments);
  const value = attacher.attach(parseHead(bytes.subarray(headAt, headAt + headLength)), 0);
  if (!attacher.isComplete) throw new MessageFormError('an attachment is named nowhere in the head');
  return value;
};

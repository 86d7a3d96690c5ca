// One encoding for everything that crosses the link and everything that is sealed: a JSON head for structure, and every
// Uint8Array attached as raw bytes, so that a secret is never a string. Layout and vectors: docs/formats.md.
//
//   u32 head length | u32 number of attachments | u32 length of each | head (UTF-8 JSON) | attachments
//
// All integers are big-endian. In the head an attachment is {"$": index}, in order of appearance.

const MARK = '$';
const MAX_ATTACHMENTS = 4_096;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The bytes are not a message. */
export class MessageFormError extends Error {
  override readonly name = 'MessageFormError';
}

const detach = (value: unknown, attachments: Uint8Array[]): unknown => {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
      throw new TypeError(`a message cannot carry a ${typeof value}`);
    }
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a message cannot carry NaN or Infinity');
    return value;
  }
  if (value instanceof Uint8Array) {
    attachments.push(value);
    return { [MARK]: attachments.length - 1 };
  }
  if (Array.isArray(value)) return value.map((item) => detach(item, attachments));
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === MARK) throw new TypeError(`a message cannot carry a field named ${MARK}`);
    copy[key] = detach(item, attachments);
  }
  return copy;
};

/**
 * Encodes a value of plain objects, arrays, strings, finite numbers, booleans, null and Uint8Array. Undefined fields are
 * left out.
 *
 * @returns parts to be written one after the other: a head of its own, then the given byte arrays themselves, not copies;
 *   they are the caller's to wipe
 */
export const encodeMessage = (value: unknown): Uint8Array[] => {
  const attachments: Uint8Array[] = [];
  const text = JSON.stringify(detach(value, attachments)) ?? 'null';
  if (attachments.length > MAX_ATTACHMENTS) throw new TypeError(`a message carries at most ${MAX_ATTACHMENTS} byte arrays`);
  const fixed = 8 + 4 * attachments.length;
  const head = Buffer.allocUnsafeSlow(fixed + Buffer.byteLength(text));
  head.writeUInt32BE(head.length - fixed, 0);
  head.writeUInt32BE(attachments.length, 4);
  attachments.forEach((attachment, index) => {
    head.writeUInt32BE(attachment.length, 8 + 4 * index);
  });
  encoder.encodeInto(text, head.subarray(fixed));
  return [head, ...attachments];
};

const attach = (value: unknown, attachments: readonly Uint8Array[]): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = attach(value[index], attachments);
    return value;
  }
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields);
  if (keys.length === 1 && keys[0] === MARK) {
    const attachment = attachments[fields[MARK] as number];
    if (attachment === undefined) throw new MessageFormError('the head names an attachment that is not there');
    return attachment;
  }
  for (const key of keys) fields[key] = attach(fields[key], attachments);
  return fields;
};

/**
 * Decodes a message. Byte arrays in the value are views of `bytes`: wiping `bytes` wipes them.
 * Throws {@link MessageFormError} if the bytes are not exactly one message.
 */
export const decodeMessage = (bytes: Uint8Array): unknown => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) throw new MessageFormError('the message ends within its lengths');
  const headLength = view.getUint32(0);
  const count = view.getUint32(4);
  if (count > MAX_ATTACHMENTS || 8 + 4 * count > bytes.length) throw new MessageFormError('the message ends within its lengths');
  const headAt = 8 + 4 * count;
  let offset = headAt + headLength;
  const attachments: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(8 + 4 * index);
    if (offset + length > bytes.length) throw new MessageFormError('the message ends within an attachment');
    attachments.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  if (offset !== bytes.length) throw new MessageFormError('the lengths do not add up to the message');
  let head: unknown;
  try {
    head = JSON.parse(decoder.decode(bytes.subarray(headAt, headAt + headLength)));
  } catch {
    throw new MessageFormError('the head is not JSON');
  }
  return attach(head, attachments);
};

/** Encodes a value into one array of its own; the caller wipes it. */
export const encodeWhole = (value: unknown): Buffer => {
  const parts = encodeMessage(value);
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
};

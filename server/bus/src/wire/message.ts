// One message of D-Bus. D-Bus specification, "Message Protocol". Header and body are read apart: a body that is not in form can
// still be answered.

import { BodyReader } from './body-reader.ts';
import { BodyWriter } from './body-writer.ts';
import { WireFormError } from './signature.ts';
import { isVariant, type Variant, variant, type WireValue } from './value.ts';

/** Largest message that any bus passes on. */
const MAX_MESSAGE_BYTES = 134_217_728;

/** Largest message that is sent: a system bus ends the connection of whoever sends a larger one. dbus-daemon(1), `max_message_size` */
const MAX_SENT_BYTES = 33_554_432;

/** Bytes from which on the length of a message is known. */
export const FIXED_HEADER_BYTES = 16;

const kinds = ['call', 'return', 'error', 'signal'] as const;
type MessageKind = (typeof kinds)[number];

const NO_REPLY_EXPECTED = 1;
const LITTLE_ENDIAN = 0x6c;
const BIG_ENDIAN = 0x42;

/** The header fields, by their codes. */
const fieldSignatures = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  errorName: [4, 's'],
  replySerial: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const satisfies Record<string, readonly [number, string]>;

/** What was to be sent is larger than a bus takes. */
export class MessageTooLargeError extends Error {
  override readonly name = 'MessageTooLargeError';
}

/** What stands in front of the body. `sender` is put there by the bus and can be trusted. */
export interface MessageHead {
  readonly kind: MessageKind;
  readonly serial: number;
  readonly isReplyExpected: boolean;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  /** Of the body; empty if there is none. */
  readonly signature: string;
}

/** A message as it was received. */
export interface ReceivedMessage extends MessageHead {
  /** Reads the body. Throws {@link WireFormError}. */
  readonly readBody: () => readonly WireValue[];
}

/** Puts a message together. Throws {@link WireFormError} if a value is not of its type, or {@link MessageTooLargeError}. */
export const encodeMessage = (head: MessageHead, values: readonly WireValue[]): Buffer => {
  const body = new BodyWriter();
  body.writeAll(head.signature, values);
  const fields = Object.entries(fieldSignatures).flatMap(
    ([name, [code, signature]]): (readonly [number, Variant])[] => {
      const value = head[name as keyof typeof fieldSignatures];
      return value === undefined || value === '' ? [] : [[code, variant(signature, value)]];
    },
  );
  const header = new BodyWriter();
  const flags = head.isReplyExpected ? 0 : NO_REPLY_EXPECTED;
  const kind = kinds.indexOf(head.kind) + 1;
  header.writeAll('yyyyuua(yv)', [LITTLE_ENDIAN, kind, flags, 1, body.bytes.length, head.serial, fields]);
  header.align(8);
  const sizeBytes = header.bytes.length + body.bytes.length;
  if (sizeBytes > MAX_SENT_BYTES)
    throw new MessageTooLargeError(`a message of ${sizeBytes} bytes is too large for a bus`);
  return Buffer.concat([header.bytes, body.bytes]);
};

const isLittleEndian = (bytes: Buffer): boolean => {
  if (bytes[0] !== LITTLE_ENDIAN && bytes[0] !== BIG_ENDIAN) throw new WireFormError('a message has no byte order');
  return bytes[0] === LITTLE_ENDIAN;
};

const paddedTo8 = (sizeBytes: number): number => Math.ceil(sizeBytes / 8) * 8;

/** The length of the message that begins here, from its first {@link FIXED_HEADER_BYTES} bytes. */
export const messageLength = (bytes: Buffer): number => {
  const isLittle = isLittleEndian(bytes);
  const bodyBytes = isLittle ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  const fieldBytes = isLittle ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12);
  const length = FIXED_HEADER_BYTES + paddedTo8(fieldBytes) + bodyBytes;
  if (length > MAX_MESSAGE_BYTES) throw new WireFormError('a message is too large');
  return length;
};

/**
 * Reads the head of a whole message, which must stay as it is until its body was read. `undefined` if it is of a kind that is
 * not known, which is to be passed over. Throws {@link WireFormError}.
 */
export const decodeMessage = (bytes: Buffer): ReceivedMessage | undefined => {
  const isLittle = isLittleEndian(bytes);
  const [, kindCode, flags, version, bodyBytes, serial, fields] = new BodyReader(bytes, isLittle).readAll(
    'yyyyuua(yv)',
    false,
  );
  const kind = kinds[Number(kindCode) - 1];
  if (version !== 1) throw new WireFormError('a message is of another version');
  if (kind === undefined) return undefined;
  const found: Record<string, WireValue> = {};
  for (const field of fields as readonly (readonly [number, Variant])[]) {
    const known = Object.entries(fieldSignatures).find(([, [code]]) => code === field[0]);
    if (known === undefined || !isVariant(field[1])) continue;
    const [name, [, signature]] = known;
    if (field[1].signature !== signature) throw new WireFormError(`the header field ${name} is of a wrong type`);
    found[name] = field[1].value;
  }
  const body = bytes.subarray(bytes.length - Number(bodyBytes));
  const head = { signature: '', ...found } as Partial<MessageHead> & { readonly signature: string };
  return {
    ...head,
    kind,
    serial: Number(serial),
    isReplyExpected: (Number(flags) & NO_REPLY_EXPECTED) === 0,
    readBody: () => new BodyReader(body, isLittle).readAll(head.signature, true),
  };
};

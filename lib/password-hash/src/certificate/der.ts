// The little of DER (ITU-T X.690) that certificates need: values are written from the inside out, and read one level at a
// time. What is read here was made by OpenSSL or checked by it before.

/** Tags, universal class. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const lengthOf = (length: number): Buffer => {
  if (length < 0x80) return Buffer.of(length);
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Buffer.of(0x80 | bytes.length, ...bytes);
};

/** One element. */
export const element = (elementTag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(elementTag), lengthOf(content.length), content]);
};

/** SEQUENCE of elements. */
export const sequence = (...elements: readonly Uint8Array[]): Buffer => element(tag.sequence, ...elements);

/** `[n]`, holding whole elements. */
export const explicit = (n: number, ...elements: readonly Uint8Array[]): Buffer => element(0xa0 | n, ...elements);

/** A whole number, zero or more. */
export const integer = (value: bigint): Buffer => {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  // A first bit that is set would make it negative.
  return element(tag.integer, ...((bytes[0] ?? 0) >= 0x80 ? [Buffer.of(0)] : []), bytes);
};

/** An object identifier, from its dotted form. */
export const objectId = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (value: number): readonly number[] => {
    const digits = [value & 127];
    for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 127));
    return digits;
  };
  return element(tag.objectId, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
};

/** BIT STRING; `unused` bits at the end do not count. */
export const bitString = (bytes: Uint8Array, unused = 0): Buffer => element(tag.bitString, Buffer.of(unused), bytes);

/** A time, as RFC 5280 4.1.2.5 wants it: UTCTime before 2050, GeneralizedTime afterwards. */
export const time = (unixMs: number): Buffer => {
  const digits = `${new Date(unixMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`;
  const isNear = Number(digits.slice(0, 4)) < 2050;
  return element(isNear ? tag.utcTime : tag.generalizedTime, Buffer.from(isNear ? digits.slice(2) : digits));
};

/** An element that was read. Both views share the memory of what was read. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag and length included. */
  readonly whole: Buffer;
}

/** The elements in `bytes`, one after the other. Throws RangeError for what is cut off or longer than 4 GiB. */
export const readElements = (bytes: Buffer): readonly DerElement[] => {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1];
    if (first === undefined) throw new RangeError('DER: cut off');
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 4 || first === 0x80) throw new RangeError('DER: no such length');
    const start = at + 2 + lengthBytes;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    const end = start + length;
    if (end > bytes.length) throw new RangeError('DER: cut off');
    elements.push({ tag: bytes[at] ?? 0, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
};

/** The elements inside of the one SEQUENCE (or whatever holds elements) in `bytes`. */
export const readInside = (bytes: Buffer): readonly DerElement[] => {
  const [outer] = readElements(bytes);
  if (outer === undefined) throw new RangeError('DER: cut off');
  return readElements(outer.content);
};

/** A dotted object identifier, from its content. */
export const readObjectId = (content: Uint8Array): string => {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 127);
    if (byte < 0x80) {
      numbers.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
};

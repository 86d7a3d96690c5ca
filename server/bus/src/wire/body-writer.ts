// Writes values in the little-endian form of D-Bus. D-Bus specification, "Marshaling (Wire Format)". What does not fit its type
// is a bug of the caller and throws.

import { alignmentOf, type BasicCode, sizeOf, typesOf, WireFormError, type WireType } from './signature.ts';
import { isVariant, type WireValue } from './value.ts';

/** Longest array. */
const MAX_ARRAY_BYTES = 67_108_864;
const FIRST_SIZE = 256;

const wrong = (code: string): WireFormError => new WireFormError(`a value is not of the type ${code}`);

const numberOf = (code: string, value: WireValue, least: number, most: number): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(code);
};

const bigintOf = (code: string, value: WireValue, least: bigint, most: bigint): bigint => {
  const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof whole === 'bigint' && whole >= least && whole <= most) return whole;
  throw wrong(code);
};

const stringOf = (code: string, value: WireValue): string => {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw wrong(code);
};

const arrayOf = (code: string, value: WireValue | undefined): readonly WireValue[] => {
  if (Array.isArray(value)) return value;
  throw wrong(code);
};

export class BodyWriter {
  #bytes = Buffer.alloc(FIRST_SIZE);
  #length = 0;

  /** What was written so far; not a copy. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes one value for each type of the signature. */
  writeAll(signature: string, values: readonly WireValue[]): void {
    const types = typesOf(signature);
    if (types.length !== values.length) throw wrong(signature);
    for (const [index, type] of types.entries()) this.#write(type, values[index] as WireValue);
  }

  /** Moves to the next boundary; what is passed over is zero. */
  align(boundary: number): void {
    this.#take((boundary - (this.#length % boundary)) % boundary);
  }

  #take(sizeBytes: number): number {
    const at = this.#length;
    this.#length += sizeBytes;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }

  #write(type: WireType, value: WireValue): void {
    switch (type.kind) {
      case 'basic':
        this.align(alignmentOf(type));
        if (sizeOf[type.code] === 0) this.#writeText(stringOf(type.code, value), type.code === 'g' ? 1 : 4);
        else this.#writeFixed(type.code, value);
        return;
      case 'variant': {
        if (!isVariant(value)) throw wrong('v');
        this.#writeText(value.signature, 1);
        this.writeAll(value.signature, [value.value]);
        return;
      }
      case 'struct': {
        this.align(8);
        const fields = arrayOf('()', value);
        if (fields.length !== type.fields.length) throw wrong('()');
        for (const [index, field] of type.fields.entries()) this.#write(field, fields[index] as WireValue);
        return;
      }
      default:
        this.#writeArray(type, value);
    }
  }

  #writeArray(type: WireType & { kind: 'array' | 'dictionary' }, value: WireValue): void {
    this.align(4);
    const lengthAt = this.#take(4);
    this.align(type.kind === 'dictionary' ? 8 : alignmentOf(type.element));
    const start = this.#length;
    if (value instanceof Uint8Array) {
      if (type.kind !== 'array' || type.element.kind !== 'basic' || type.element.code !== 'y') throw wrong('a');
      const at = this.#take(value.length);
      this.#bytes.set(value, at);
    } else if (type.kind === 'array') {
      for (const element of arrayOf('a', value)) this.#write(type.element, element);
    } else {
      for (const pair of arrayOf('a{}', value)) {
        const [key, held] = arrayOf('{}', pair);
        if (key === undefined || held === undefined) throw wrong('{}');
        this.align(8);
        this.#write(type.key, key);
        this.#write(type.value, held);
      }
    }
    if (this.#length - start > MAX_ARRAY_BYTES) throw new WireFormError('an array is too long');
    this.#bytes.writeUInt32LE(this.#length - start, lengthAt);
  }

  #writeText(text: string, lengthBytes: 1 | 4): void {
    const sizeBytes = Buffer.byteLength(text);
    const at = this.#take(lengthBytes + sizeBytes + 1);
    this.#bytes.writeUIntLE(sizeBytes, at, lengthBytes);
    this.#bytes.write(text, at + lengthBytes, 'utf8');
  }

  #writeFixed(code: BasicCode, value: WireValue): void {
    // Taken first: the bytes may lie elsewhere afterwards.
    const at = this.#take(sizeOf[code]);
    const bytes = this.#bytes;
    switch (code) {
      case 'y':
        bytes.writeUInt8(numberOf(code, value, 0, 0xff), at);
        return;
      case 'b':
        if (typeof value !== 'boolean') throw wrong(code);
        bytes.writeUInt32LE(value ? 1 : 0, at);
        return;
      case 'n':
        bytes.writeInt16LE(numberOf(code, value, -0x8000, 0x7fff), at);
        return;
      case 'q':
        bytes.writeUInt16LE(numberOf(code, value, 0, 0xffff), at);
        return;
      case 'i':
        bytes.writeInt32LE(numberOf(code, value, -0x80000000, 0x7fffffff), at);
        return;
      case 'u':
        bytes.writeUInt32LE(numberOf(code, value, 0, 0xffffffff), at);
        return;
      case 'x':
        bytes.writeBigInt64LE(bigintOf(code, value, -(2n ** 63n), 2n ** 63n - 1n), at);
        return;
      case 't':
        bytes.writeBigUInt64LE(bigintOf(code, value, 0n, 2n ** 64n - 1n), at);
        return;
      case 'd':
        if (typeof value !== 'number') throw wrong(code);
        bytes.writeDoubleLE(value, at);
        return;
      default:
        // A file descriptor would have to travel beside the bytes.
        throw wrong(code);
    }
  }
}

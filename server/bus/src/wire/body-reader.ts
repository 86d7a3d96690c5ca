// Reads values in the form of D-Bus, of either byte order. D-Bus specification, "Marshaling (Wire Format)". Every length is
// checked against what is there; whatever is not in form throws, and only that message is lost.

import { alignmentOf, parseSignature, WireFormError, type WireType } from './signature.ts';
import { variant, type WireValue } from './value.ts';

/** Variants in variants. */
const MAX_DEPTH = 64;

const text = new TextDecoder('utf-8', { fatal: true });

export class BodyReader {
  readonly #bytes: Buffer;
  readonly #isLittle: boolean;
  #at: number;
  #depth = 0;

  /** `bytes` must begin at an eight-byte boundary of the message, or be the message. */
  constructor(bytes: Buffer, isLittleEndian: boolean, at = 0) {
    this.#bytes = bytes;
    this.#isLittle = isLittleEndian;
    this.#at = at;
  }

  /** Reads one value for each type of the signature; with `isWhole` nothing may follow. */
  readAll(signature: string, isWhole: boolean): readonly WireValue[] {
    const values = parseSignature(signature).map((type) => this.#read(type));
    if (isWhole && this.#at !== this.#bytes.length) throw new WireFormError('a message has bytes beyond its values');
    return values;
  }

  #take(sizeBytes: number, boundary: number): number {
    const at = this.#at + ((boundary - (this.#at % boundary)) % boundary);
    if (at + sizeBytes > this.#bytes.length) throw new WireFormError('a message is too short');
    this.#at = at + sizeBytes;
    return at;
  }

  #readLength(): number {
    const at = this.#take(4, 4);
    return this.#isLittle ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }

  #readText(sizeBytes: number): string {
    const at = this.#take(sizeBytes + 1, 1);
    try {
      return text.decode(this.#bytes.subarray(at, at + sizeBytes));
    } catch {
      throw new WireFormError('a string is not UTF-8');
    }
  }

  #read(type: WireType): WireValue {
    switch (type.kind) {
      case 'basic':
        return this.#readBasic(type.code);
      case 'variant':
        return this.#readVariant();
      case 'struct':
        this.#take(0, 8);
        return type.fields.map((field) => this.#read(field));
      case 'dictionary':
        return this.#readElements(8, () => {
          this.#take(0, 8);
          return [this.#read(type.key), this.#read(type.value)];
        });
      default:
        if (type.element.kind === 'basic' && type.element.code === 'y') {
          const sizeBytes = this.#readLength();
          const at = this.#take(sizeBytes, 1);
          return this.#bytes.subarray(at, at + sizeBytes);
        }
        return this.#readElements(alignmentOf(type.element), () => this.#read(type.element));
    }
  }

  #readVariant(): WireValue {
    const signature = this.#readText(this.#bytes.readUInt8(this.#take(1, 1)));
    const types = parseSignature(signature);
    const [type] = types;
    if (type === undefined || types.length > 1) throw new WireFormError('a variant does not hold one value');
    if (++this.#depth > MAX_DEPTH) throw new WireFormError('variants are nested too deeply');
    const value = this.#read(type);
    this.#depth--;
    return variant(signature, value);
  }

  #readElements(boundary: number, readOne: () => WireValue): readonly WireValue[] {
    const sizeBytes = this.#readLength();
    const end = this.#take(0, boundary) + sizeBytes;
    if (end > this.#bytes.length) throw new WireFormError('an array is longer than its message');
    const values: WireValue[] = [];
    while (this.#at < end) values.push(readOne());
    if (this.#at !== end) throw new WireFormError('an array has another length than it says');
    return values;
  }

  #readBasic(code: string): WireValue {
    const [bytes, isLittle] = [this.#bytes, this.#isLittle];
    switch (code) {
      case 'y':
        return bytes.readUInt8(this.#take(1, 1));
      case 'b': {
        const value = this.#readLength();
        if (value > 1) throw new WireFormError('a boolean is neither 0 nor 1');
        return value === 1;
      }
      case 'n': {
        const at = this.#take(2, 2);
        return isLittle ? bytes.readInt16LE(at) : bytes.readInt16BE(at);
      }
      case 'q': {
        const at = this.#take(2, 2);
        return isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
      }
      case 'i': {
        const at = this.#take(4, 4);
        return isLittle ? bytes.readInt32LE(at) : bytes.readInt32BE(at);
      }
      case 'u':
      case 'h':
        return this.#readLength();
      case 'x': {
        const at = this.#take(8, 8);
        return isLittle ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at);
      }
      case 't': {
        const at = this.#take(8, 8);
        return isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
      }
      case 'd': {
        const at = this.#take(8, 8);
        return isLittle ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at);
      }
      case 'g':
        return this.#readText(bytes.readUInt8(this.#take(1, 1)));
      default:
        return this.#readText(this.#readLength());
    }
  }
}

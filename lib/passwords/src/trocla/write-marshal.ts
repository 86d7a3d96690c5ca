// Writes Trocla's records in Ruby's Marshal format, version 4.8, byte for byte as Ruby does. Ruby documentation, marshal.rdoc.

import { isUtf8 } from 'node:buffer';
import { isHash, isRational, type RubyValue } from './ruby-value.ts';

/** Larger ones are bignums: Marshal's fixnums have 31 bits. */
const FIXNUM_LIMIT = 2 ** 30;

class Writer {
  readonly #parts: Uint8Array[] = [Uint8Array.of(4, 8)];
  readonly #symbols: string[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  value(value: RubyValue): void {
    if (value === null) this.#mark('0');
    else if (typeof value === 'boolean') this.#mark(value ? 'T' : 'F');
    else if (typeof value === 'bigint') this.#integer(value);
    else if (typeof value === 'number') this.#number(value);
    else if (value instanceof Uint8Array) this.#string(value);
    else if (isRational(value)) this.#rational([value.numerator, value.denominator]);
    else if (isHash(value)) this.#hash(value);
    else this.#list(value);
  }

  #mark(letter: string): void {
    this.#parts.push(Buffer.from(letter, 'latin1'));
  }

  #fixnum(value: number): void {
    if (value === 0) this.#parts.push(Uint8Array.of(0));
    else if (value > 0 && value < 123) this.#parts.push(Uint8Array.of(value + 5));
    else if (value < 0 && value > -124) this.#parts.push(Uint8Array.of((value - 5) & 0xff));
    else {
      const bytes: number[] = [];
      for (let rest = value; rest !== 0 && rest !== -1; rest >>= 8) bytes.push(rest & 0xff);
      this.#parts.push(Uint8Array.of((value < 0 ? -bytes.length : bytes.length) & 0xff, ...bytes));
    }
  }

  #counted(bytes: Uint8Array): void {
    this.#fixnum(bytes.length);
    this.#parts.push(bytes);
  }

  #symbol(name: string): void {
    const known = this.#symbols.indexOf(name);
    if (known >= 0) {
      this.#mark(';');
      this.#fixnum(known);
      return;
    }
    this.#symbols.push(name);
    this.#mark(':');
    this.#counted(Buffer.from(name));
  }

  #integer(value: bigint): void {
    if (value < BigInt(FIXNUM_LIMIT) && value >= BigInt(-FIXNUM_LIMIT)) {
      this.#mark('i');
      this.#fixnum(Number(value));
      return;
    }
    const size = value < 0n ? -value : value;
    const digits = size.toString(16);
    const words = Math.ceil(digits.length / 4);
    this.#mark('l');
    this.#mark(value < 0n ? '-' : '+');
    this.#fixnum(words);
    this.#parts.push(Buffer.from(digits.padStart(words * 4, '0'), 'hex').reverse());
  }

  #number(value: number): void {
    if (Number.isInteger(value)) {
      this.#integer(BigInt(value));
      return;
    }
    this.#mark('f');
    this.#counted(Buffer.from(String(value)));
  }

  #string(bytes: Uint8Array): void {
    const hasEncoding = isUtf8(bytes);
    if (hasEncoding) this.#mark('I');
    this.#mark('"');
    this.#counted(bytes);
    if (!hasEncoding) return;
    this.#fixnum(1);
    this.#symbol('E');
    this.#mark('T');
  }

  #rational(parts: readonly RubyValue[]): void {
    this.#mark('U');
    this.#symbol('Rational');
    this.#list(parts);
  }

  #list(items: readonly RubyValue[]): void {
    this.#mark('[');
    this.#fixnum(items.length);
    for (const item of items) this.value(item);
  }

  #hash(hash: ReadonlyMap<string, RubyValue>): void {
    this.#mark('{');
    this.#fixnum(hash.size);
    for (const [name, value] of hash) {
      this.#string(Buffer.from(name));
      this.value(value);
    }
  }
}

/** The bytes for a value, which the caller wipes. */
export const writeMarshal = (value: RubyValue): Buffer => {
  const writer = new Writer();
  writer.value(value);
  return writer.bytes();
};

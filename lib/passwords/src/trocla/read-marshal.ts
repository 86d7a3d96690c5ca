// Reads the part of Ruby's Marshal format, version 4.8, that Trocla's records are made of. Strict: anything else is refused as a
// whole. Ruby documentation, marshal.rdoc.

import { PasswordStoreError } from '../password-store.ts';
import type { RubyValue } from './ruby-value.ts';

const MAX_DEPTH = 16;

const refuse = (why: string): never => {
  throw new PasswordStoreError('corrupt', `it is no Marshal data that Trocla writes: ${why}`);
};

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  readonly #symbols: string[] = [];
  /** By number, in the order in which they began; a place is taken before what is inside is read. */
  readonly #objects: RubyValue[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  document(): RubyValue {
    if (this.#byte() !== 4 || this.#byte() !== 8) refuse('its version is not 4.8');
    const value = this.#value(0);
    return this.#at === this.#bytes.length ? value : refuse('it goes on behind its end');
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? refuse('it is cut off');
  }

  #take(length: number): Uint8Array {
    if (length < 0 || length > this.#bytes.length - this.#at) refuse('it is cut off');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #fixnum(): number {
    const first = (this.#byte() << 24) >> 24;
    if (first === 0) return 0;
    if (first > 4) return first - 5;
    if (first < -4) return first + 5;
    const length = Math.abs(first);
    let value = first < 0 ? -1 : 0;
    for (let index = 0; index < length; index++) {
      value = (value & ~(0xff << (8 * index))) | (this.#byte() << (8 * index));
    }
    return first > 0 ? value >>> 0 : value;
  }

  #bignum(): bigint {
    const sign = this.#byte();
    if (sign !== 0x2b && sign !== 0x2d) refuse('a large number has no sign');
    const words = this.#take(this.#fixnum() * 2);
    const size = [...words].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    return sign === 0x2d ? -size : size;
  }

  #float(): number {
    const text = Buffer.from(this.#take(this.#fixnum())).toString('latin1');
    return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : refuse('a number is none');
  }

  #symbol(): string {
    const kind = this.#byte();
    if (kind === 0x3b) return this.#symbols[this.#fixnum()] ?? refuse('a symbol is not there');
    if (kind !== 0x3a) return refuse('a symbol is missing');
    const text = Buffer.from(this.#take(this.#fixnum())).toString();
    this.#symbols.push(text);
    return text;
  }

  #remember<Value extends RubyValue>(value: Value): Value {
    this.#objects.push(value);
    return value;
  }

  #value(depth: number): RubyValue {
    if (depth > MAX_DEPTH) refuse('it is nested too deeply');
    const kind = String.fromCharCode(this.#byte());
    switch (kind) {
      case '0':
        return null;
      case 'T':
        return true;
      case 'F':
        return false;
      case 'i':
        return this.#fixnum();
      case 'l':
        return this.#remember(this.#bignum());
      case 'f':
        return this.#remember(this.#float());
      case '"':
        return this.#remember(Uint8Array.from(this.#take(this.#fixnum())));
      case 'I':
        return this.#withVariables(depth);
      case '[':
        return this.#list(depth);
      case '{':
        return this.#hash(depth);
      case 'U':
        return this.#rational(depth);
      case '@':
        return this.#objects[this.#fixnum()] ?? refuse('an object is not there');
      default:
        return refuse('it holds an object of another kind');
    }
  }

  /** A string and its encoding. Only encodings in which ASCII is ASCII occur; the bytes stay as they are. */
  #withVariables(depth: number): RubyValue {
    const value = this.#value(depth + 1);
    if (!(value instanceof Uint8Array)) refuse('something other than a string has variables');
    for (let left = this.#fixnum(); left > 0; left--) {
      const name = this.#symbol();
      if (name !== 'E' && name !== 'encoding') refuse('a string has variables of its own');
      this.#value(depth + 1);
    }
    return value;
  }

  #list(depth: number): RubyValue {
    const items: RubyValue[] = [];
    this.#remember(items);
    for (let left = this.#fixnum(); left > 0; left--) items.push(this.#value(depth + 1));
    return items;
  }

  #hash(depth: number): RubyValue {
    const hash = new Map<string, RubyValue>();
    this.#remember(hash);
    for (let left = this.#fixnum(); left > 0; left--) {
      const name = this.#value(depth + 1);
      if (!(name instanceof Uint8Array)) return refuse('a format has no name');
      hash.set(Buffer.from(name).toString(), this.#value(depth + 1));
    }
    return hash;
  }

  #rational(depth: number): RubyValue {
    const place = this.#objects.push(null) - 1;
    if (this.#symbol() !== 'Rational') refuse('it holds an object of another kind');
    const parts = this.#value(depth + 1);
    const [numerator, denominator] = Array.isArray(parts) ? parts : [];
    if (!isInteger(numerator) || !isInteger(denominator)) return refuse('a fraction is none');
    const value = { numerator: BigInt(numerator), denominator: BigInt(denominator) };
    this.#objects[place] = value;
    return value;
  }
}

const isInteger = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

/** What the bytes hold. Strings are copies. Throws `PasswordStoreError` with `corrupt`. */
export const readMarshal = (bytes: Uint8Array): RubyValue => new Reader(bytes).document();

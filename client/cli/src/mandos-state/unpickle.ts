// Reads the few things of Python's pickle format that the saved state of a Mandos server is made of, and refuses everything
// else. A pickle is a program that may call anything; here nothing is called: two classes of datetime, and bytes, are known
// by name and become plain values. Python library reference, `pickle` and `pickletools`; protocol 2.

import { Callable, callables, type Pickled } from './pickled-values.ts';

/** The bytes are not a pickle of that kind. The message says where. */
export class PickleError extends Error {
  override readonly name = 'PickleError';
}

const MARK = Symbol('mark');

type OnStack = Pickled | Callable | typeof MARK;

class Unpickler {
  readonly #bytes: Buffer;
  #at = 0;
  readonly #stack: OnStack[] = [];
  readonly #memo = new Map<number, OnStack>();

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): Pickled {
    this.#expect(this.#take(2).equals(Buffer.from([0x80, 2])), 'is not a pickle of protocol 2');
    for (;;) {
      const opcode = String.fromCharCode(this.#byte());
      if (opcode === '.') break;
      this.#step(opcode);
    }
    this.#expect(this.#at === this.#bytes.length, 'goes on after its end');
    const value = this.#pop();
    this.#expect(this.#stack.length === 0, 'leaves something over');
    return value;
  }

  #fail(what: string): never {
    throw new PickleError(`byte ${this.#at}: ${what}`);
  }

  #expect(condition: boolean, otherwise: string): asserts condition {
    if (!condition) this.#fail(otherwise);
  }

  #take(size: number): Buffer {
    this.#expect(this.#at + size <= this.#bytes.length, 'ends too early');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  #byte(): number {
    return this.#take(1).readUInt8();
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    this.#expect(end >= 0 && end - this.#at < 256, 'a name is too long');
    const text = this.#take(end - this.#at).toString('latin1');
    this.#at++;
    return text;
  }

  #text(): string {
    const bytes = this.#take(this.#take(4).readUInt32LE());
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.#fail('a text is not UTF-8');
    }
  }

  /** LONG1: at most six bytes, so that it is counted exactly; two's complement. */
  #long(): number {
    const size = this.#byte();
    this.#expect(size <= 6, 'a number is too large');
    return size === 0 ? 0 : this.#take(size).readIntLE(0, size);
  }

  #popAny(): OnStack {
    const value = this.#stack.pop();
    this.#expect(value !== undefined, 'takes what is not there');
    return value;
  }

  #pop(): Pickled {
    const value = this.#popAny();
    this.#expect(value !== MARK && !(value instanceof Callable), 'takes a value where there is none');
    return value;
  }

  #popToMark(): Pickled[] {
    const mark = this.#stack.lastIndexOf(MARK);
    this.#expect(mark >= 0, 'a mark is missing');
    const values = this.#stack.splice(mark).slice(1);
    this.#expect(
      values.every((value): value is Pickled => !(value instanceof Callable)),
      'names where a value belongs',
    );
    return values as Pickled[];
  }

  #popTuple(size: number): Pickled[] {
    return Array.from({ length: size }, () => this.#pop()).reverse();
  }

  #appendTo(values: readonly Pickled[]): void {
    const list = this.#stack.at(-1);
    this.#expect(Array.isArray(list), 'appends to what is no list');
    for (const value of values) (list as Pickled[]).push(value);
  }

  #setIn(values: readonly Pickled[]): void {
    const map = this.#stack.at(-1);
    this.#expect(map instanceof Map && values.length % 2 === 0, 'sets items of what is no dictionary');
    for (let at = 0; at < values.length; at += 2)
      (map as Map<Pickled, Pickled>).set(values[at] ?? null, values[at + 1] ?? null);
  }

  #remember(index: number): void {
    const value = this.#stack.at(-1);
    this.#expect(value !== undefined && value !== MARK, 'remembers what is not there');
    this.#memo.set(index, value);
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    this.#expect(value !== undefined, 'recalls what was never there');
    this.#stack.push(value);
  }

  #name(): void {
    const name = `${this.#line()} ${this.#line()}`;
    const callable = callables.get(name);
    this.#expect(callable !== undefined, 'names a class or function that a state has no use for');
    this.#stack.push(callable);
  }

  #reduce(): void {
    const args = this.#pop();
    const callable = this.#popAny();
    this.#expect(callable instanceof Callable && Array.isArray(args), 'calls what cannot be called');
    const value = callable.make(args);
    this.#expect(value !== undefined, 'holds a date, span or bytes of another form');
    this.#stack.push(value);
  }

  /** One opcode; the letters are those of `pickletools`. */
  #step(opcode: string): void {
    const stack = this.#stack;
    switch (opcode) {
      case '(':
        stack.push(MARK);
        return;
      case 'N':
        stack.push(null);
        return;
      case '\u0088':
        stack.push(true);
        return;
      case '\u0089':
        stack.push(false);
        return;
      case 'K':
        stack.push(this.#byte());
        return;
      case 'M':
        stack.push(this.#take(2).readUInt16LE());
        return;
      case 'J':
        stack.push(this.#take(4).readInt32LE());
        return;
      case '\u008a':
        stack.push(this.#long());
        return;
      case 'X':
        stack.push(this.#text());
        return;
      case '}':
        stack.push(new Map());
        return;
      case ']':
      case ')':
        stack.push([]);
        return;
      case '\u0085':
        stack.push(this.#popTuple(1));
        return;
      case '\u0086':
        stack.push(this.#popTuple(2));
        return;
      case '\u0087':
        stack.push(this.#popTuple(3));
        return;
      case 't':
        stack.push(this.#popToMark());
        return;
      case 'a':
        this.#appendTo([this.#pop()]);
        return;
      case 'e':
        this.#appendTo(this.#popToMark());
        return;
      case 's':
        this.#setIn(this.#popTuple(2));
        return;
      case 'u':
        this.#setIn(this.#popToMark());
        return;
      case 'q':
        this.#remember(this.#byte());
        return;
      case 'r':
        this.#remember(this.#take(4).readUInt32LE());
        return;
      case 'h':
        this.#recall(this.#byte());
        return;
      case 'j':
        this.#recall(this.#take(4).readUInt32LE());
        return;
      case 'c':
        this.#name();
        return;
      case 'R':
        this.#reduce();
        return;
      default:
        this.#fail('has an instruction that a state has no use for');
    }
  }
}

/** Reads one pickle that fills the bytes. Throws {@link PickleError}. */
export const unpickle = (bytes: Uint8Array): Pickled => new Unpickler(bytes).read();

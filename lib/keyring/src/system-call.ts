// The three system calls of the key facility, made through libc's `syscall`, which is in every Node.js. libkeyutils is not
// needed. Everything is synchronous: the kernel answers in microseconds, and another thread would have other keyrings.
// syscall(2), add_key(2), request_key(2), keyctl(2)

import type { KernelText } from './argument-checks.ts';
import { KeyctlError } from './keyctl-error.ts';
import { loadKoffi } from './load-koffi.ts';

/** add_key, request_key and keyctl of each processor. */
const numbers: Readonly<Record<string, readonly [number, number, number]>> = {
  x64: [248, 249, 250],
  ia32: [286, 287, 288],
  arm: [309, 310, 311],
  arm64: [217, 218, 219],
  riscv64: [217, 218, 219],
  loong64: [217, 218, 219],
  ppc64: [269, 270, 271],
  s390x: [278, 279, 280],
};

type Text = KernelText | null;
type Bytes = Uint8Array | null;
type Call<Arguments extends readonly unknown[]> = (number: number, ...rest: Arguments) => number;

/** The calls, one for each shape of arguments. */
interface SystemCalls {
  readonly addKey: (type: Text, description: Text, payload: Bytes, size: number, keyring: number) => number;
  readonly requestKey: (type: Text, description: Text, callout: Text, keyring: number) => number;
  /** keyctl with numbers alone. */
  readonly numbers: (operation: number, a?: number, b?: number, c?: number, d?: number) => number;
  /** keyctl with an id, a buffer and its size. */
  readonly idBuffer: (operation: number, id: number, bytes: Bytes, size: number, last?: number) => number;
  /** keyctl with an id and two texts. */
  readonly idTexts: (operation: number, id: number, first: Text, second: Text, last?: number) => number;
  /** keyctl with a buffer and its size. */
  readonly buffer: (operation: number, bytes: Bytes, size: number) => number;
  /** keyctl with a text. */
  readonly text: (operation: number, text: Text) => number;
  /** keyctl with four addresses. */
  readonly pointers: (operation: number, a: Bytes, b: Text, c: Bytes, d: Bytes) => number;
  /** keyctl with an id, a word, a text and an address. */
  readonly query: (operation: number, id: number, word: number, text: Text, into: Bytes) => number;
  /** keyctl with two addresses, a size and an address. */
  readonly compute: (operation: number, a: Bytes, b: Bytes, size: number, c: Bytes) => number;
  readonly errno: () => number;
  /** Where the bytes lie, for a structure that holds an address. The caller keeps them alive until the call is over. */
  readonly address: (bytes: Uint8Array) => bigint;
}

const bind = (): SystemCalls => {
  const own = numbers[process.arch];
  if (process.platform !== 'linux' || own === undefined) {
    throw new Error(`the keyring of the Linux kernel cannot be reached on ${process.platform} ${process.arch}`);
  }
  const koffi = loadKoffi();
  const self = koffi.load(null);
  const shape = (...types: readonly string[]) => self.func('syscall', 'long', ['long', ...types]);
  const [text, bytes] = ['const char *', 'void *'];
  const [addKey, requestKey, keyctl] = own;
  const add: Call<[Text, Text, Bytes, number, number]> = shape(text, text, bytes, 'long', 'long');
  const request: Call<[Text, Text, Text, number]> = shape(text, text, text, 'long');
  const words: Call<[number, number, number, number, number]> = shape('long', 'long', 'long', 'long', 'long');
  const idBuffer: Call<[number, number, Bytes, number, number]> = shape('long', 'long', bytes, 'long', 'long');
  const idTexts: Call<[number, number, Text, Text, number]> = shape('long', 'long', text, text, 'long');
  const buffer: Call<[number, Bytes, number]> = shape('long', bytes, 'long');
  const oneText: Call<[number, Text]> = shape('long', text);
  const pointers: Call<[number, Bytes, Text, Bytes, Bytes]> = shape('long', bytes, text, bytes, bytes);
  const query: Call<[number, number, number, Text, Bytes]> = shape('long', 'long', 'long', text, bytes);
  const compute: Call<[number, Bytes, Bytes, number, Bytes]> = shape('long', bytes, bytes, 'long', bytes);
  return {
    addKey: (type, description, payload, size, keyring) => add(addKey, type, description, payload, size, keyring),
    requestKey: (type, description, callout, keyring) => request(requestKey, type, description, callout, keyring),
    numbers: (operation, a = 0, b = 0, c = 0, d = 0) => words(keyctl, operation, a, b, c, d),
    idBuffer: (operation, id, into, size, last = 0) => idBuffer(keyctl, operation, id, into, size, last),
    idTexts: (operation, id, first, second, last = 0) => idTexts(keyctl, operation, id, first, second, last),
    buffer: (operation, into, size) => buffer(keyctl, operation, into, size),
    text: (operation, name) => oneText(keyctl, operation, name),
    pointers: (operation, a, b, c, d) => pointers(keyctl, operation, a, b, c, d),
    query: (operation, id, word, info, into) => query(keyctl, operation, id, word, info, into),
    compute: (operation, a, b, size, c) => compute(keyctl, operation, a, b, size, c),
    errno: () => koffi.errno(),
    address: (of) => koffi.address(of),
  };
};

let bound: SystemCalls | undefined;

/** The bound calls. Throws where there is no Linux that is known here. */
export const systemCalls = (): SystemCalls => {
  bound ??= bind();
  return bound;
};

/** Gives the answer of a call, or throws what the kernel says. To be called directly after it: errno is the last call's. */
export const answered = (operation: string, result: number): number => {
  if (result !== -1) return result;
  throw new KeyctlError(operation, systemCalls().errno());
};

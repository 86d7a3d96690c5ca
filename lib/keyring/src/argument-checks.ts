// Everything that goes to the kernel is checked here first. A foreign function call takes what it is given: an id beyond 32 bits
// would name another key, a text would end at its first NUL, and two texts with lone surrogates would become the same.

/** The longest description of a key, without the NUL at its end. add_key(2) */
export const MAX_DESCRIPTION_BYTES = 4_095;
/** The longest name of a type of keys. */
export const MAX_TYPE_BYTES = 31;
/** The largest payload of a key of the types `user` and `logon`. */
export const MAX_PAYLOAD_BYTES = 32_767;
/** The kernel takes no payload of any type beyond this. */
const MAX_ANY_PAYLOAD_BYTES = 1_048_575;

/** A name for the kernel: text, or bytes for what is not UTF-8. */
export type KernelText = string | Uint8Array;

/** Throws a RangeError unless `id` is a whole number of 32 bits with a sign. */
export const checkId = (id: number, what = 'the id of a key'): number => {
  if (!Number.isInteger(id) || id < -0x8000_0000 || id > 0x7fff_ffff) {
    throw new RangeError(`${what} must be a whole number of 32 bits`);
  }
  return id;
};

/** Throws a RangeError unless it is a whole number of 32 bits without a sign. */
export const checkUnsigned = (value: number, what: string, max = 0xffff_ffff): number => {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${what} must be a whole number from 0 to ${max}`);
  }
  return value;
};

/** A uid or gid; -1 stands for "leave it" or "my own". */
export const checkAccountId = (value: number, what: string): number =>
  value === -1 ? 0xffff_ffff : checkUnsigned(value, what, 0xffff_fffe);

/**
 * A text that the kernel will read up to its NUL. What comes back is handed to a `const char *`.
 *
 * @throws {TypeError} if it is neither text nor bytes, holds a NUL, or is text with a lone surrogate.
 * @throws {RangeError} if it is empty or longer than `maxBytes`.
 */
export const checkText = (text: KernelText, what: string, maxBytes: number): KernelText => {
  if (typeof text === 'string') {
    if (text.includes('\0')) throw new TypeError(`${what} must not contain a NUL`);
    if (!text.isWellFormed()) throw new TypeError(`${what} contains a lone surrogate`);
    checkLength(text.length * 3 > maxBytes ? Buffer.byteLength(text) : text.length, what, maxBytes);
    return text;
  }
  if (!(text instanceof Uint8Array)) throw new TypeError(`${what} must be a text or bytes`);
  if (text.includes(0)) throw new TypeError(`${what} must not contain a NUL`);
  checkLength(text.length, what, maxBytes);
  const ended = Buffer.alloc(text.length + 1);
  ended.set(text);
  return ended;
};

const checkLength = (length: number, what: string, maxBytes: number): void => {
  if (length === 0) throw new RangeError(`${what} must not be empty`);
  if (length > maxBytes) throw new RangeError(`${what} must not be longer than ${maxBytes} bytes`);
};

/** The name of a type of keys. */
export const checkType = (type: KernelText): KernelText => checkText(type, 'the type of a key', MAX_TYPE_BYTES);

/** The description of a key. */
export const checkDescription = (description: KernelText): KernelText =>
  checkText(description, 'the description of a key', MAX_DESCRIPTION_BYTES);

/** Bytes for the kernel, never text: text could not be wiped. Lengths are always taken from the buffer itself. */
export const checkBytes = (bytes: Uint8Array, what: string, maxBytes = MAX_ANY_PAYLOAD_BYTES): Uint8Array => {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${what} must be bytes`);
  if (bytes.length > maxBytes) throw new RangeError(`${what} must not be larger than ${maxBytes} bytes`);
  return bytes;
};

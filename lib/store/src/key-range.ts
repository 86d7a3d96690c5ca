// Keys in their order: bytes compared one by one, the shorter first. A prefix is the range from itself up to, not including,
// the first key that no longer begins with it.

import { MAX_KEY_BYTES } from './store.ts';

/** Memory of its own, also for a Buffer, whose `slice` shares. */
export const copyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** Greater than every key. */
const BEYOND = new Uint8Array(MAX_KEY_BYTES + 1).fill(0xff);

/** From `start`, up to and not including `end`. */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** All keys that begin with `prefix`, which is copied. */
export const rangeOfPrefix = (prefix: Uint8Array): KeyRange => {
  const last = prefix.findLastIndex((byte) => byte !== 0xff);
  const start = copyOf(prefix);
  if (last === -1) return { start, end: BEYOND };
  const end = copyOf(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return { start, end };
};

/** The first key after `key`. */
export const keyAfter = (key: Uint8Array): Uint8Array => {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
};

/** Whether `key` begins with `prefix`. */
export const hasPrefix = (key: Uint8Array, prefix: Uint8Array): boolean =>
  key.length >= prefix.length && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;

/** Whether `key` lies in the range. */
export const isInRange = (key: Uint8Array, { start, end }: KeyRange): boolean =>
  Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0;

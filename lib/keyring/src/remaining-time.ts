// How long a key has yet to live. No operation tells it: only /proc/keys does, cut down to one unit. Invariant: what is said is never
// longer than the truth. A description with a line feed can forge lines there, so the shortest of several counts. proc_keys(5)

import { closeSync, openSync, readSync } from 'node:fs';
import { Recent } from './recent.ts';

/** In seconds; `atMost` is what the cut-down figure could stand for. */
export type RemainingTime =
  | { readonly kind: 'for-ever' }
  | { readonly kind: 'limited'; readonly atLeast: number; readonly atMost: number };

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

const FIRST_BYTES = 65_536;
/**
 * How long a writer may rely on what it was told of a time. A reading costs as much as ten other operations, and more where there are
 * many keys; another process cannot be told of a write and set a time within a quarter of a millisecond.
 */
export const TIME_LIFETIME_MS = 0.25;

let buffer: Buffer | undefined;
const recentListing = new Recent<Buffer>();

/**
 * All of /proc/keys, in a buffer that is used again; it holds no secret. Empty where a container hides it. It is opened each time: a
 * descriptor goes on showing what whoever opened it possessed.
 */
const readListing = (): Buffer => {
  buffer ??= Buffer.allocUnsafeSlow(FIRST_BYTES);
  let descriptor: number;
  try {
    descriptor = openSync('/proc/keys', 'r');
  } catch {
    return buffer.subarray(0, 0);
  }
  try {
    for (let size = 0; ; ) {
      if (size === buffer.length) buffer = Buffer.concat([buffer], 2 * size);
      const count = readSync(descriptor, buffer, size, buffer.length - size, null);
      if (count === 0) return buffer.subarray(0, size);
      size += count;
    }
  } finally {
    closeSync(descriptor);
  }
};

const LINE_FEED = 0x0a;
const LINE_START_BYTES = 48;

/** Looks the time of a key up in the text of /proc/keys; undefined if the key is not in it. */
export const findRemainingTime = (text: Buffer, id: number): RemainingTime | undefined => {
  const start = `${id.toString(16).padStart(8, '0')} `;
  let shortest: RemainingTime | undefined;
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
    if (at > 0 && text[at - 1] !== LINE_FEED) continue;
    const line = text.toString('latin1', at, at + LINE_START_BYTES);
    const [isLine, amount, unit] = /^\S+ \S+ +\d+ +(?:(\d+)([smhdw])|perm|expd) /.exec(line) ?? [];
    if (isLine === undefined) continue;
    if (amount === undefined || unit === undefined) {
      shortest ??= { kind: 'for-ever' };
      continue;
    }
    const seconds = unitSeconds[unit] ?? 1;
    const atLeast = Number(amount) * seconds;
    if (shortest?.kind !== 'limited' || atLeast < shortest.atLeast) {
      shortest = { kind: 'limited', atLeast, atMost: atLeast + seconds - 1 };
    }
  }
  return shortest;
};

/** Asks the kernel how long a key has yet to live. Undefined if it does not say, as where a container hides /proc/keys. */
export const remainingTime = (id: number): RemainingTime | undefined => {
  const listing = readListing();
  recentListing.set(listing, TIME_LIFETIME_MS);
  return findRemainingTime(listing, id);
};

/** As {@link remainingTime}, for one who writes many keys: an answer may be a quarter of a millisecond old. */
export const recentRemainingTime = (id: number): RemainingTime | undefined => {
  const listing = recentListing.get();
  return (listing === undefined ? undefined : findRemainingTime(listing, id)) ?? remainingTime(id);
};

// Which counter a code belongs to. Every counter of the window is tried, whatever was found before, so that the time tells
// nothing; which of them counts is decided by what is spent. Pure.

import { areEqualBytes } from '@chatelaine/secret';
import { type CodeForm, oneTimeCode } from './one-time-code.ts';

/** What a code turned out to be. `repeated`: it is the one that was accepted last. */
export type Match = { readonly kind: 'accepted'; readonly counter: number } | { readonly kind: 'repeated' | 'wrong' };

const isCodeOf = (seed: Uint8Array, counter: number, form: CodeForm, code: Uint8Array): boolean => {
  const right = oneTimeCode(seed, Math.max(0, counter), form);
  return areEqualBytes(right, code) && counter >= 0;
};

/**
 * Finds the counter of a code.
 *
 * @param window the counters that may be, the likeliest first
 * @param unspent the lowest counter whose code was not spent
 */
export const matchCode = (
  seed: Uint8Array,
  code: Uint8Array,
  form: CodeForm,
  window: readonly number[],
  unspent: number,
): Match => {
  let found: number | undefined;
  for (const counter of window) {
    const isIt = isCodeOf(seed, counter, form, code);
    if (isIt && counter >= unspent) found ??= counter;
  }
  const isLast = isCodeOf(seed, unspent - 1, form, code);
  if (found !== undefined) return { kind: 'accepted', counter: found };
  return { kind: isLast ? 'repeated' : 'wrong' };
};

/** Finds consecutive codes in `from` to `to`; gives the counter of the last of them. */
export const matchRow = (
  seed: Uint8Array,
  codes: readonly Uint8Array[],
  form: CodeForm,
  { from, to }: { readonly from: number; readonly to: number },
): number | undefined => {
  const [first] = codes;
  for (let counter = Math.max(0, from); first !== undefined && counter <= to; counter++) {
    if (!isCodeOf(seed, counter, form, first)) continue;
    if (codes.every((code, at) => isCodeOf(seed, counter + at, form, code))) return counter + codes.length - 1;
  }
  return undefined;
};

// Which counter a code belongs to. Every counter of the window is tried, whatever was found before, so that the time tells
// nothing; which of them counts is decided by what is spent. Pure.

import { areEqualBytes } from '@chatelaine/secret';
import { type CodeForm, CodeMaker } from './one-time-code.ts';

/** What a code turned out to be. `repeated`: it is the one that was accepted last. */
export type Match = { readonly kind: 'accepted'; readonly counter: number } | { readonly kind: 'repeated' | 'wrong' };

const isCodeOf = (codes: CodeMaker, counter: number, code: Uint8Array): boolean =>
  areEqualBytes(codes.at(Math.max(0, counter)), code) && counter >= 0;

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
  using codes = new CodeMaker(seed, form);
  let found: number | undefined;
  for (const counter of window) {
    const isIt = isCodeOf(codes, counter, code);
    if (isIt && counter >= unspent) found ??= counter;
  }
  const isLast = isCodeOf(codes, unspent - 1, code);
  if (found !== undefined) return { kind: 'accepted', counter: found };
  return { kind: isLast ? 'repeated' : 'wrong' };
};

/** Every counter in `from` to `to` that a code may belong to. */
export const matchFar = (
  seed: Uint8Array,
  code: Uint8Array,
  form: CodeForm,
  { from, to }: { readonly from: number; readonly to: number },
): readonly number[] => {
  using codes = new CodeMaker(seed, form);
  const counters: number[] = [];
  for (let counter = from; counter <= to; counter++) {
    if (isCodeOf(codes, counter, code)) counters.push(counter);
  }
  return counters;
};

/** Finds consecutive codes in `from` to `to`; gives the counter of the last of them. */
export const matchRow = (
  seed: Uint8Array,
  row: readonly Uint8Array[],
  form: CodeForm,
  { from, to }: { readonly from: number; readonly to: number },
): number | undefined => {
  using codes = new CodeMaker(seed, form);
  for (let counter = Math.max(0, from); row.length > 0 && counter <= to; counter++) {
    if (row.every((code, at) => isCodeOf(codes, counter + at, code))) return counter + row.length - 1;
  }
  return undefined;
};

// Sizes as people type them: 512M, 2G, or a plain number of bytes.

import { Failure } from '../failure.ts';

const units: Readonly<Record<string, number>> = {
  '': 1,
  K: 1_024,
  M: 1_048_576,
  G: 1_073_741_824,
  T: 1_099_511_627_776,
};
const SMALLEST_BYTES = 16 * 1_048_576;
const BLOCK_BYTES = 4_096;

/** Bytes, a whole number of blocks, at least 16 MiB; `option` is named in the error, such as `--size`. */
export const parseSize = (text: string, option: string): number => {
  const [, digits, unit = ''] = /^(\d{1,12})(?:([KMGT])(?:i?B)?)?$/i.exec(text.trim()) ?? [];
  const bytes = Number(digits) * (units[unit.toUpperCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new Failure('usage', `${option} is not a size.`, 'Write it like 512M or 2G.');
  if (bytes < SMALLEST_BYTES) throw new Failure('usage', `${option} must be 16M at least.`);
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
};

/** MiB. cryptsetup takes 4 GiB at most; below 32 MiB a hash protects little. */
export const parseHashMemory = (text: string): number => {
  const mebibytes = Number(text);
  if (Number.isInteger(mebibytes) && mebibytes >= 32 && mebibytes <= 4_096) return mebibytes;
  throw new Failure('usage', '--hash-memory must be a number of MiB, from 32 to 4096.');
};

// How many durable writes a second the disk under a directory takes: the limit of any server that writes before it
// answers. A page appended, then fdatasync, one after the other.

import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { median } from './rounds.ts';

/** What the disk can do. */
export interface DiskRate {
  readonly perSecond: number;
  readonly p50Ms: number;
}

const PAGE_SIZE_BYTES = 4_096;

/** Measures for `seconds`, in a file of its own in `directory`. */
export const measureDisk = (directory: string, seconds: number): DiskRate => {
  const file = openSync(path.join(directory, 'disk-rate'), 'w');
  const page = Buffer.alloc(PAGE_SIZE_BYTES, 1);
  const durationsMs: number[] = [];
  const begunMs = performance.now();
  while (performance.now() - begunMs < seconds * 1_000) {
    const startMs = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    durationsMs.push(performance.now() - startMs);
  }
  closeSync(file);
  const elapsedS = (performance.now() - begunMs) / 1_000;
  return { perSecond: durationsMs.length / elapsedS, p50Ms: median(durationsMs) };
};

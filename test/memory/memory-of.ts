// All writable memory of a process, as root sees it: heaps, stacks, buffers, locked memory, shared files. proc(5)

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** A region of memory. */
export interface MemoryRegion {
  readonly start: number;
  readonly end: number;
  /** As of /proc/PID/smaps; `lo` locked, `dd` not in core dumps. */
  readonly flags: ReadonlySet<string>;
  readonly name: string;
}

const CHUNK_BYTES = 4 * 1_048_576;
const PAGE_BYTES = 4_096;
const PAGES_AT_ONCE = 4_096;

/** The regions of a process that can be written and in which anything is. */
const regionsOf = (pid: number): readonly MemoryRegion[] => {
  const regions: MemoryRegion[] = [];
  let hasPages = false;
  let current: { start: number; end: number; name: string } | undefined;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (head !== null) {
      const [, start = '', end = '', modes = '', name = ''] = head;
      hasPages = false;
      current = modes.startsWith('rw')
        ? { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), name }
        : undefined;
      continue;
    }
    if (/^(?:Rss|Swap): +[1-9]/.test(line)) hasPages = true;
    const flags = /^VmFlags: (.*)$/.exec(line)?.[1];
    if (flags === undefined || current === undefined) continue;
    if (hasPages) regions.push({ ...current, flags: new Set(flags.trim().split(' ')) });
    current = undefined;
  }
  return regions;
};

/** A piece of memory: the chunks of a region overlap, so that nothing shorter than `overlap` is cut. */
export interface MemoryChunk {
  readonly at: number;
  readonly bytes: Buffer;
  readonly region: MemoryRegion;
}

/** Reads as much as there is; nothing where reading is not possible (a device, or the process has ended). */
const readAt = (file: number, buffer: Buffer, size: number, at: number): number => {
  try {
    return readSync(file, buffer, 0, size, at);
  } catch {
    return 0;
  }
};

/** The runs of pages of a region that are in memory or swapped out. Documentation/admin-guide/mm/pagemap.rst */
function* presentRuns(pagemap: number, { start, end }: MemoryRegion): Generator<readonly [start: number, end: number]> {
  const flags = Buffer.allocUnsafe(PAGES_AT_ONCE * 8);
  let runStart: number | undefined;
  for (let from = start; from < end; from += PAGES_AT_ONCE * PAGE_BYTES) {
    const pages = Math.min(PAGES_AT_ONCE, Math.ceil((end - from) / PAGE_BYTES));
    readAt(pagemap, flags, pages * 8, (from / PAGE_BYTES) * 8);
    for (let page = 0; page < pages; page++) {
      const at = from + page * PAGE_BYTES;
      // The two highest bits.
      if ((flags[page * 8 + 7] as number) >= 0x40) runStart ??= at;
      else if (runStart !== undefined) {
        yield [runStart, at];
        runStart = undefined;
      }
    }
  }
  if (runStart !== undefined) yield [runStart, end];
}

/** Reads the memory chunk by chunk; a chunk is good until the next. */
export function* memoryOf(pid: number, overlap: number): Generator<MemoryChunk> {
  const file = openSync(`/proc/${pid}/mem`, 'r');
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (const region of regionsOf(pid)) {
      for (const [start, end] of presentRuns(pagemap, region)) {
        for (let at = start; at < end; at += CHUNK_BYTES - overlap) {
          const size = Math.min(CHUNK_BYTES, end - at);
          yield { at, bytes: buffer.subarray(0, readAt(file, buffer, size, at)), region };
          if (at + size >= end) break;
        }
      }
    }
  } finally {
    closeSync(file);
    closeSync(pagemap);
  }
}

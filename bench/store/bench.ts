// Measures the SQLite store beside the bare sync rate of the same disk, in one run, and prints ratios: durable commits of a
// 1.2 kB record with a 250-byte audit record by 1, 16 and 64 writers, and reads among 100,000 records.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteStore, type SqliteStore } from '@chatelaine/store';

const HELP = `Usage: node bench/store/bench.ts [--seconds N] [--quick] [--dir DIR] [--json]
  --seconds N  time of each measurement, 1 to 60 (3)
  --quick      one second each
  --dir DIR    directory on the disk to measure (the temporary directory)
  --json       one JSON object instead of lines
`;

const RECORDS = 100_000;

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const figuresOf = (timesMs: number[], elapsedMs: number): Figures => {
  timesMs.sort((a, b) => a - b);
  const at = (part: number) => timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * part))] ?? 0;
  return { perSecond: (timesMs.length / elapsedMs) * 1_000, p50Ms: at(0.5), p99Ms: at(0.99) };
};

/** Runs `once` one after another until the time is over. */
const measure = async (
  seconds: number,
  writers: number,
  once: (writer: number) => Promise<void> | void,
): Promise<Figures> => {
  const timesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const run = async (writer: number): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await once(writer);
      const thenMs = performance.now();
      timesMs.push(thenMs - nowMs);
      nowMs = thenMs;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => run(writer)));
  return figuresOf(timesMs, performance.now() - startMs);
};

/** Writes 4 kB into a preallocated file and syncs, as a log does. */
const measureBareSync = async (directory: string, seconds: number): Promise<Figures> => {
  const path = join(directory, 'bare');
  const fd = openSync(path, 'w', 0o600);
  const block = Buffer.alloc(4_096, 1);
  for (let at = 0; at < 1_000; at++) writeSync(fd, block, 0, block.length, at * 4_096);
  fdatasyncSync(fd);
  let at = 0;
  const figures = await measure(seconds, 1, () => {
    writeSync(fd, block, 0, block.length, (at++ % 1_000) * 4_096);
    fdatasyncSync(fd);
  });
  closeSync(fd);
  return figures;
};

const keyOf = (index: number): Uint8Array => {
  const key = Buffer.alloc(32);
  key.writeUInt32BE(Math.imul(index, 0x9e37_79b1) >>> 0);
  key.writeUInt32BE(index, 28);
  return key;
};

const fill = async (store: SqliteStore): Promise<void> => {
  const value = Buffer.alloc(1_200, 1);
  for (let index = 0; index < RECORDS; ) {
    const rounds = Array.from({ length: 20 }, () => {
      const puts = Array.from({ length: 100 }, () => ({ key: keyOf(index++), value }));
      return store.commit({ conditions: [], puts, deletes: [], audit: [] });
    });
    await Promise.all(rounds);
  }
};

const measureCommits = (store: SqliteStore, seconds: number, writers: number): Promise<Figures> => {
  const value = Buffer.alloc(1_200, 2);
  const payload = Buffer.alloc(250, 3);
  let index = 0;
  return measure(seconds, writers, async () => {
    index = (index + 7_919) % RECORDS;
    const key = keyOf(index);
    const answer = await store.commit({
      conditions: [],
      puts: [{ key, value }],
      deletes: [],
      audit: [{ lane: 0, payload }],
    });
    if (answer.kind !== 'committed') throw new Error(`a commit was answered with ${answer.kind}`);
  });
};

const measureReads = async (store: SqliteStore, seconds: number): Promise<Figures> => {
  const state = { isDone: false };
  const busy = (async () => {
    while (!state.isDone) await measureCommits(store, 0.2, 64);
  })();
  let index = 0;
  const figures = await measure(seconds, 4, async () => {
    // Many reads in a turn of the event loop would starve the writers that the reads are measured beside.
    if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    index = (index + 4_729) % RECORDS;
    await store.get(keyOf(index));
  });
  state.isDone = true;
  await busy;
  return figures;
};

const lineOf = (name: string, { perSecond, p50Ms, p99Ms }: Figures, ratio?: number): string =>
  `${name.padEnd(34)}${Math.round(perSecond).toLocaleString('en').padStart(9)}/s   p50 ${p50Ms.toFixed(3)} ms   p99 ${p99Ms.toFixed(3)} ms` +
  `${ratio === undefined ? '' : `   ${ratio.toFixed(2)} × bare sync`}\n`;

const run = async (directory: string, seconds: number): Promise<Record<string, Figures>> => {
  const bareSync = await measureBareSync(directory, seconds);
  const path = join(directory, 'store.db');
  const store = await openSqliteStore({ path, create: true, purpose: 'development' });
  try {
    await fill(store);
    return {
      bareSync,
      commits1: await measureCommits(store, seconds, 1),
      commits16: await measureCommits(store, seconds, 16),
      commits64: await measureCommits(store, seconds, 64),
      readsBeside64Writers: await measureReads(store, seconds),
      bareSyncAgain: await measureBareSync(directory, seconds),
    };
  } finally {
    await store.close();
  }
};

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seconds = values.quick ? 1 : Number(values.seconds);
if (values.help) process.stdout.write(HELP);
else if (!(seconds >= 1 && seconds <= 60)) {
  process.stderr.write(`--seconds is a number from 1 to 60\n${HELP}`);
  process.exitCode = 2;
} else {
  const directory = mkdtempSync(join(values.dir, 'chatelaine-bench-store-'));
  try {
    const figures = await run(directory, seconds);
    const bare = ((figures['bareSync']?.perSecond ?? 0) + (figures['bareSyncAgain']?.perSecond ?? 0)) / 2;
    const ratios = Object.fromEntries(
      Object.entries(figures)
        .filter(([name]) => name.startsWith('commits'))
        .map(([name, { perSecond }]) => [name, perSecond / bare]),
    );
    if (values.json) process.stdout.write(`${JSON.stringify({ seconds, records: RECORDS, figures, ratios })}\n`);
    else for (const [name, each] of Object.entries(figures)) process.stdout.write(lineOf(name, each, ratios[name]));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

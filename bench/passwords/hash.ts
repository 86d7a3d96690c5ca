// Measures how many sha512crypt hashes a second come out of the library, beside a C program that does nothing else with the
// same libcrypt: interleaved rounds in one run, as many threads as processors on both sides, and prints the ratio.

import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs, promisify } from 'node:util';
import { formats } from '@chatelaine/password-hash';

const HELP = `usage: node bench/passwords/hash.ts [--seconds N] [--rounds N] [--quick] [--json]

Hashes of sha512crypt a second, with default rounds and new salts, beside the C library alone (the limit).

  --seconds N  time of each measurement, 0.2 to 30 (3)
  --rounds N   interleaved rounds, of which the median counts, 1 to 15 (5)
  --quick      one round of half a second
  --json       one JSON document on stdout, words on stderr
  --help       this text
`;

const run = promisify(execFile);
/** More than run, fewer than may wait. */
const IN_FLIGHT = 16;

const random = (target: Uint8Array): void => {
  randomFillSync(target);
};

interface Figures {
  readonly perSecond: number;
  /** Processor time of one, of all threads: what neighbours on the machine do not change. */
  readonly cpuMs: number;
}

const measureOurs = async (seconds: number): Promise<Figures> => {
  const format = formats.get('sha512crypt');
  if (format === undefined) throw new Error('there is no sha512crypt');
  const plain = Buffer.from('correct horse battery staple');
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  let count = 0;
  const keepAsking = async (): Promise<void> => {
    while (performance.now() - startMs < seconds * 1_000) {
      const derived = await format.derive({ plain, key: 'key', options: {}, random, nowUnixMs: 0 });
      if (derived.kind === 'refused') throw new Error(derived.message);
      count++;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, keepAsking));
  const { user, system } = process.cpuUsage(startCpu);
  return { perSecond: (count * 1_000) / (performance.now() - startMs), cpuMs: (user + system) / 1_000 / count };
};

const measureLibrary = async (loop: string, threads: number, seconds: number): Promise<Figures> => {
  const { stdout } = await run(loop, [String(threads), String(seconds)]);
  const [perSecond = Number.NaN, cpuMs = Number.NaN] = stdout.split(' ').map(Number);
  return { perSecond, cpuMs };
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const numberOf = (text: string, least: number, most: number): number => {
  const number = Number(text);
  if (!(number >= least && number <= most)) throw new RangeError(`not a number from ${least} to ${most}: ${text}`);
  return number;
};

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const seconds = options.quick ? 0.5 : numberOf(options.seconds, 0.2, 30);
const rounds = options.quick ? 1 : numberOf(options.rounds, 1, 15);
const threads = availableParallelism();

const directory = await mkdtemp(path.join(tmpdir(), 'chatelaine-bench-'));
try {
  const loop = path.join(directory, 'hash-loop');
  const source = path.join(import.meta.dirname, 'hash-loop.c');
  await run('gcc', ['-O2', '-pthread', '-o', loop, source, '-lcrypt']);
  // Loads the library and starts the threads.
  await measureOurs(0.1);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const ours: Figures[] = [];
  const theirs: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(await measureLibrary(loop, threads, seconds));
    delay.enable();
    ours.push(await measureOurs(seconds));
    delay.disable();
  }
  const ratioOf = (of: (own: Figures, other: Figures) => number): number =>
    Number(median(ours.map((own, round) => of(own, theirs[round] ?? own))).toFixed(3));
  const result = {
    bench: 'sha512crypt',
    threads,
    seconds,
    rounds,
    oursPerSecond: Math.round(median(ours.map(({ perSecond }) => perSecond))),
    libraryPerSecond: Math.round(median(theirs.map(({ perSecond }) => perSecond))),
    ratio: ratioOf((own, other) => own.perSecond / other.perSecond),
    cpuRatio: ratioOf((own, other) => other.cpuMs / own.cpuMs),
    eventLoopDelayP99Ms: Number((delay.percentile(99) / 1e6).toFixed(2)),
  };
  const words =
    `sha512crypt on ${threads} threads: ${result.oursPerSecond} hashes/s, the C library alone ${result.libraryPerSecond}: ` +
    `${result.ratio} by the clock, ${result.cpuRatio} by processor time (at least 0.9); ` +
    `event loop p99 ${result.eventLoopDelayP99Ms} ms\n`;
  process.stderr.write(words);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await rm(directory, { recursive: true, force: true });
}

// Measures calls over the link beside bytes of the same sizes over a plain UNIX socket, in one run, the answering side in
// a process of its own, and prints ratios: 1, 16, 64 and 256 questions in flight, a 1.2 kB secret in each answer.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { connectUnix, LinkClient, makePeerKey, writePeerKey } from '@chatelaine/link';

const HELP = `usage: node bench/link/bench.ts [--seconds N] [--rounds N] [--quick] [--json]

Calls a second and p50/p99 over the link, beside bytes of the same sizes over a plain socket (the limit).

  --seconds N  time of each measurement, 0.2 to 30 (2)
  --rounds N   interleaved rounds, of which the median counts, 1 to 9 (3)
  --quick      one round of half a second
  --json       one JSON document on stdout, words on stderr
  --help       this text
`;

const IN_FLIGHT = [1, 16, 64, 256] as const;
const SECRET_BYTES = 1_200;
/** What a question and its answer take as frames, so that both sides move the same bytes. */
const QUESTION_BYTES = 75;
const ANSWER_BYTES = SECRET_BYTES + 62;

const NS_PER_MS = 1_000_000;

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Keeps `inFlight` questions asked until the time is over. */
const measure = async (seconds: number, inFlight: number, ask: () => Promise<void>): Promise<Figures> => {
  const times = createHistogram();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const run = async (): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await ask();
      const thenMs = performance.now();
      times.record(Math.max(1, Math.round((thenMs - nowMs) * NS_PER_MS)));
      nowMs = thenMs;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, run));
  const perSecond = (times.count / (performance.now() - startMs)) * 1_000;
  return { perSecond, p50Ms: times.percentile(50) / NS_PER_MS, p99Ms: times.percentile(99) / NS_PER_MS };
};

/** Asks over the plain socket: so many bytes out, so many bytes back, in order. */
const plainAsker = (socket: Socket): (() => Promise<void>) => {
  const question = Buffer.alloc(QUESTION_BYTES);
  const waiting: (() => void)[] = [];
  let next = 0;
  let pendingBytes = 0;
  let unsent = 0;
  socket.on('data', (chunk) => {
    pendingBytes += chunk.length;
    for (; pendingBytes >= ANSWER_BYTES; pendingBytes -= ANSWER_BYTES) waiting[next++]?.();
    if (next === waiting.length) {
      waiting.length = 0;
      next = 0;
    }
  });
  const flush = (): void => {
    socket.write(unsent === 1 ? question : Buffer.alloc(QUESTION_BYTES * unsent));
    unsent = 0;
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (unsent++ === 0) setImmediate(flush);
    });
};

const linkAsker =
  (client: LinkClient): (() => Promise<void>) =>
  async () => {
    const result = await client.call('bench.fetch', { name: 'web1.zurich' });
    if (result.kind !== 'ok') throw new Error(`refused: ${result.code}`);
    (result.value as { readonly secret: Uint8Array }).secret.fill(0);
  };

const startAnswering = async (arguments_: readonly string[]): Promise<ChildProcess> => {
  const program = new URL('answering-side.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, ...arguments_], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the answering side did not start');
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  return child;
};

const median = (figures: readonly Figures[]): Figures => {
  const middle = figures.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(figures.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
};

const measureAll = async (seconds: number, rounds: number, directory: string) => {
  const paths = {
    link: join(directory, 'link.sock'),
    plain: join(directory, 'plain.sock'),
    key: join(directory, 'bench.key'),
  };
  const key = makePeerKey('bench', 'gate');
  await writePeerKey(paths.key, key);
  const sizes = [QUESTION_BYTES, ANSWER_BYTES, SECRET_BYTES].map(String);
  const child = await startAnswering([paths.link, paths.plain, paths.key, ...sizes]);
  const client = new LinkClient({ connect: () => connectUnix(paths.link), key });
  const socket = await connectUnix(paths.plain);
  try {
    const askers = { link: linkAsker(client), plain: plainAsker(socket) };
    await measure(0.5, 64, askers.link);
    await measure(0.2, 64, askers.plain);
    const results = [];
    for (const inFlight of IN_FLIGHT) {
      const link: Figures[] = [];
      const plain: Figures[] = [];
      for (let round = 0; round < rounds; round++) {
        link.push(await measure(seconds, inFlight, askers.link));
        plain.push(await measure(seconds, inFlight, askers.plain));
      }
      results.push({ inFlight, link: median(link), plain: median(plain) });
    }
    return results;
  } finally {
    socket.destroy();
    await client.close();
    child.kill();
  }
};

const show = ({ perSecond, p50Ms, p99Ms }: Figures): string =>
  `${Math.round(perSecond).toLocaleString('en-US').padStart(9)}/s  p50 ${p50Ms.toFixed(2)}  p99 ${p99Ms.toFixed(2)} ms`;

const numberOption = (text: string, least: number, most: number): number => {
  const value = Number(text);
  if (!(value >= least && value <= most)) throw new RangeError(`${text} is not from ${least} to ${most}`);
  return value;
};

const run = async (): Promise<number> => {
  let options: { readonly seconds: number; readonly rounds: number; readonly json: boolean };
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    options = {
      seconds: numberOption(values.seconds ?? (values.quick ? '0.5' : '2'), 0.2, 30),
      rounds: numberOption(values.rounds ?? (values.quick ? '1' : '3'), 1, 9),
      json: values.json,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const directory = await mkdtemp(join(tmpdir(), 'chatelaine-bench-'));
  try {
    const results = (await measureAll(options.seconds, options.rounds, directory)).map((result) => ({
      ...result,
      ratio: result.link.perSecond / result.plain.perSecond,
    }));
    for (const { inFlight, link, plain, ratio } of results) {
      const line = `${String(inFlight).padStart(3)} in flight  link ${show(link)}  plain socket ${show(plain)}  ratio ${ratio.toFixed(2)}\n`;
      (options.json ? process.stderr : process.stdout).write(line);
    }
    if (options.json) process.stdout.write(`${JSON.stringify({ bench: 'link', ...options, results })}\n`);
  } finally {
    await rm(directory, { recursive: true });
  }
  return 0;
};

process.exitCode = await run();

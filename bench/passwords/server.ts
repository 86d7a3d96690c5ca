// Measures reads of passwords through the HTTP API of a plain `chatelaine dev`: TLS, a token with a grant for hashes alone, and every
// read on record before it is answered.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type DevInstance, startDevInstance } from '../../test/support/dev-instance.ts';
import { Scratch } from '../../test/support/scratch.ts';
import type { LoadResult } from '../http-load.ts';
import type { LoadSettings } from './server-load.ts';

const HELP = `Usage: node bench/passwords/server.ts [--rounds N] [--seconds N] [--quick] [--json]
  --rounds N   rounds, 1 to 100 (5)
  --seconds N  of each measurement (5)
  --quick      one round of two seconds
  --json       one JSON object instead of lines
`;

const TARGET_PER_SECOND = 4_000;
const KEYS = 100;
const CONNECTIONS = 64;

const prepare = async (instance: DevInstance): Promise<Omit<LoadSettings, 'seconds'>> => {
  const keys = Array.from({ length: KEYS }, (_, at) => `bench/key${at}`);
  for (const key of keys) await instance.run(['password', 'create', key, 'mysql']);
  const made = await instance.run(['token', 'create', 'bench', '--grant', 'passwords.get.hashes:bench/*']);
  const port = Number(instance.https.split(':').at(-1));
  return { port, token: made.trim(), keys, format: 'mysql', connections: CONNECTIONS };
};

const load = (settings: LoadSettings): LoadResult => {
  const script = path.join(import.meta.dirname, 'server-load.ts');
  const { stdout, status, stderr } = spawnSync(process.execPath, [script, JSON.stringify(settings)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the load ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

interface Round extends LoadResult {
  /** Processor time of one read. */
  readonly keepUs: number;
  readonly gateUs: number;
}

const measure = (instance: DevInstance, settings: LoadSettings): Round => {
  const before = { keep: instance.footprint('keep').cpuMs, gate: instance.footprint('gate').cpuMs };
  const result = load(settings);
  // The second of warming up counts for both.
  const answers = result.perSecond * (settings.seconds + 1);
  const used = (name: 'keep' | 'gate'): number => ((instance.footprint(name).cpuMs - before[name]) * 1_000) / answers;
  return { ...result, keepUs: used('keep'), gateUs: used('gate') };
};

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
  },
});
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  await using scratch = new Scratch();
  const instance = await startDevInstance(scratch);
  const [rounds, seconds] = values.quick === true ? [1, 2] : [Number(values.rounds), Number(values.seconds)];
  const settings = { ...(await prepare(instance)), seconds };
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) measured.push(measure(instance, settings));
  const wrong = measured.reduce((sum, each) => sum + each.wrong, 0);
  if (wrong > 0) throw new Error(`${wrong} answers were no value`);
  const of = (pick: (round: Round) => number): number => median(measured.map(pick));
  const result = {
    connections: CONNECTIONS,
    rounds,
    readsPerSecond: of(({ perSecond }) => perSecond),
    target: TARGET_PER_SECOND,
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuUs: { keep: of(({ keepUs }) => keepUs), gate: of(({ gateUs }) => gateUs), load: of(({ cpuUs }) => cpuUs) },
  };
  if (values.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    const { readsPerSecond, p50Ms, p99Ms, cpuUs } = result;
    process.stdout.write(
      `reads through the API, ${CONNECTIONS} connections, TLS, each on record\n` +
        `  ${readsPerSecond.toFixed(0)} /s (target ${TARGET_PER_SECOND}), p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms\n` +
        `  processor time of one: keep ${cpuUs.keep.toFixed(0)} µs, gate ${cpuUs.gate.toFixed(0)} µs, load ${cpuUs.load.toFixed(0)} µs\n`,
    );
  }
}

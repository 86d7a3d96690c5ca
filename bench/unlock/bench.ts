// From nothing to the disk password: Debian's mandos-client and ours, started as they stand, in turn, with the same keys, from the same
// server on the loopback interface.

import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { startDevInstance } from '../../test/support/dev-instance.ts';
import { createMandosMachine } from '../../test/support/mandos-machine.ts';
import type { Finished } from '../../test/support/run-program.ts';
import { Scratch } from '../../test/support/scratch.ts';
import { unlockFrom } from '../../test/support/unlock-command.ts';
import { interleave, median } from '../mandos/rounds.ts';

const usage = `usage: node bench/unlock/bench.ts [--quick] [--json]

Needs what scripts/setup --peers installs.

  --quick   few rounds, for a look
  --json    one JSON document instead of lines
`;

/** What mandos-keygen makes if it is told nothing. */
const DEBIAN_BITS = 4_096;
const PASSWORD = 'correct horse battery staple';

/** Of all rounds the one in the middle, and the fastest: what is left of a machine that others use, too. */
interface Times {
  readonly medianMs: number;
  readonly fastestMs: number;
}

interface Report {
  readonly load: number;
  readonly rounds: number;
  readonly debian: Times;
  readonly ours: Times;
  /** Ours, with the code that was compiled the last time thrown away. */
  readonly oursWithoutCache: Times;
  /** Ours by Debian's. */
  readonly ratio: { readonly median: number; readonly fastest: number };
}

const timesOf = (all: readonly number[]): Times => ({ medianMs: median(all), fastestMs: Math.min(...all) });

/** Milliseconds until a program that must print the password has ended. */
const timed = async (run: () => Promise<Finished>): Promise<number> => {
  const begunMs = performance.now();
  const { stdout, stderr } = await run();
  const tookMs = performance.now() - begunMs;
  if (stdout.toString() !== PASSWORD) throw new Error(`no password: ${stderr}`);
  return tookMs;
};

const measure = async (rounds: number): Promise<Report> => {
  await using scratch = new Scratch();
  const instance = await startDevInstance(scratch);
  const machine = await createMandosMachine(scratch.directory(), 'bench', PASSWORD, DEBIAN_BITS);
  const file = path.join(scratch.directory(), 'clients.conf');
  writeFileSync(file, `${machine.stanza}\nchecker = true\n`, { mode: 0o600 });
  await instance.run(['machine', 'import', file]);
  const port = instance.mandosPort;
  const cache = scratch.directory();
  const warm = { env: { XDG_CACHE_HOME: cache } };
  // What our launcher finds no directory for, it does without.
  const cold = { env: { XDG_CACHE_HOME: '/nonexistent' } };
  const contestants = {
    debian: () => timed(() => machine.fetch(port)),
    ours: () => timed(() => unlockFrom(machine.keyDir, [port], [], warm)),
    oursWithoutCache: () => timed(() => unlockFrom(machine.keyDir, [port], [], cold)),
  };
  await interleave(2, contestants);
  const results = await interleave(rounds, contestants);
  const [debian, ours] = [timesOf(results.debian), timesOf(results.ours)];
  return {
    load: loadavg()[0] ?? Number.NaN,
    rounds,
    debian,
    ours,
    oursWithoutCache: timesOf(results.oursWithoutCache),
    ratio: { median: ours.medianMs / debian.medianMs, fastest: ours.fastestMs / debian.fastestMs },
  };
};

const shown = ({ medianMs, fastestMs }: Times): string =>
  `${medianMs.toFixed(0).padStart(4)} ms, fastest ${fastestMs.toFixed(0)} ms`;

const linesOf = (report: Report): readonly string[] => [
  `start to password on loopback, median of ${report.rounds} interleaved rounds, load average ${report.load.toFixed(1)}`,
  `  Debian's mandos-client                    ${shown(report.debian)}`,
  `  chatelaine-unlock                         ${shown(report.ours)}`,
  `  chatelaine-unlock, without compiled code  ${shown(report.oursWithoutCache)}`,
  `  ours ÷ Debian's   ${report.ratio.median.toFixed(2)}, of the fastest ${report.ratio.fastest.toFixed(2)}   (target: at most 0.8)`,
];

if (process.argv.includes('--help')) {
  process.stdout.write(usage);
} else {
  const report = await measure(process.argv.includes('--quick') ? 7 : 31);
  const text = process.argv.includes('--json') ? JSON.stringify(report, undefined, 2) : linesOf(report).join('\n');
  process.stdout.write(`${text}\n`);
}

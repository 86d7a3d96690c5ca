// Secrets handed out to machines, each over a fresh connection, with the audit durable before the answer: beside Debian's
// server and beside the limit, in one run.

import { cpus } from 'node:os';
import { Scratch } from '../../test/support/scratch.ts';
import { type DiskRate, measureDisk } from './disk-rate.ts';
import { compareFleetSizes, type FleetSize } from './fleet-sizes.ts';
import { buildPrograms } from './load.ts';
import { type MemoryUse, measureMemory } from './memory.ts';
import { compareThreeServers, measureDebianWithHundred, type Rate, type ThreeServers } from './three-servers.ts';

interface Report {
  readonly machine: { readonly processor: string; readonly cores: number };
  readonly disk: DiskRate;
  readonly servers: readonly ThreeServers[];
  readonly debianWithHundred: Rate;
  readonly sizes: readonly FleetSize[];
  readonly memory: MemoryUse;
}

const usage = `usage: node bench/mandos/bench.ts [--quick] [--json]

Needs root (Debian's server drops its privileges) and what scripts/setup --peers installs.

  --quick   three short rounds and small fleets, for a look
  --json    one JSON document instead of lines
`;

const full = {
  concurrencies: [16, 64],
  servers: { rounds: 5, fetches: 4_000, debianFetches: 150 },
  hundredFetches: 48,
  sizes: { rounds: 5, fetches: 4_000, sizes: [10, 1_000, 100_000] },
  memory: { machines: 10_000, fetches: 50_000, idleConnections: 5_000 },
  diskSeconds: 3,
};

const quick: typeof full = {
  concurrencies: [16],
  servers: { rounds: 3, fetches: 1_000, debianFetches: 50 },
  hundredFetches: 16,
  sizes: { rounds: 3, fetches: 1_000, sizes: [10, 1_000] },
  memory: { machines: 1_000, fetches: 5_000, idleConnections: 1_000 },
  diskSeconds: 1,
};

const say = (words: string): void => {
  process.stderr.write(`bench: ${words}\n`);
};

const measure = async (amount: typeof full): Promise<Report> => {
  await using scratch = new Scratch();
  // Servers on both sides run as processes of their own: an interrupted bench takes them along.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void scratch[Symbol.asyncDispose]().finally(() => process.exit(1)));
  }
  const programs = await buildPrograms(scratch);
  const [processor] = cpus();
  const disk = measureDisk(scratch.directory(), amount.diskSeconds);
  say('three servers');
  const servers = await compareThreeServers(scratch, programs, amount.servers, amount.concurrencies);
  const debianWithHundred = await measureDebianWithHundred(scratch, programs, amount.hundredFetches);
  say(`fleets of ${amount.sizes.sizes.join(', ')}`);
  const sizes = await compareFleetSizes(scratch, programs, amount.sizes);
  say('memory');
  const memory = await measureMemory(scratch, programs, amount.memory);
  return {
    machine: { processor: processor?.model ?? 'unknown', cores: cpus().length },
    disk,
    servers,
    debianWithHundred,
    sizes,
    memory,
  };
};

const shown = (rate: Rate): string =>
  `${rate.perSecond.toFixed(0).padStart(6)}/s   p50 ${rate.p50Ms.toFixed(1)} ms   p99 ${rate.p99Ms.toFixed(1)} ms` +
  (rate.lost > 0 ? `   ${rate.lost} lost` : '');

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(0)} %`;

const serverLines = ({ atOnce, rates, cpuPerFetch }: ThreeServers): readonly string[] => {
  const { debian, chatelaine, bare, bareEpoll } = rates;
  return [
    `${atOnce} at once, 10 machines, median of ${chatelaine.rounds} interleaved rounds`,
    `  Debian's mandos     ${shown(debian)}`,
    `  chatelaine          ${shown(chatelaine)}`,
    `  bare loop           ${shown(bare)}`,
    `  bare loop, epoll    ${shown(bareEpoll)}`,
    `  chatelaine ÷ bare loop    ${percent(chatelaine.perSecond, bare.perSecond)}   (target: at least 70 %)`,
    `  chatelaine ÷ bare, epoll  ${percent(chatelaine.perSecond, bareEpoll.perSecond)}`,
    `  chatelaine ÷ Debian       ${(chatelaine.perSecond / debian.perSecond).toFixed(0)} times`,
    `  p99 ÷ bare loop's p99     ${(chatelaine.p99Ms / bare.p99Ms).toFixed(2)}   (target: at most 3)`,
    `  processor time a fetch: keep ${cpuPerFetch.keepMs.toFixed(2)} ms, gate ${cpuPerFetch.gateMs.toFixed(2)} ms`,
  ];
};

const sizeLines = (sizes: readonly FleetSize[]): readonly string[] => [
  `chatelaine with more machines, 16 at once, median of ${sizes[0]?.rate.rounds} interleaved rounds`,
  ...sizes.map(({ machines, rate, readyMs, salvo }) => {
    const first = sizes[0]?.rate.perSecond ?? Number.NaN;
    return (
      `  ${String(machines).padStart(7)}   ${shown(rate)}   ${percent(rate.perSecond, first)} of ${sizes[0]?.machines}` +
      `   ready after ${readyMs.toFixed(0)} ms   ${salvo.machines} at once in ${salvo.seconds.toFixed(2)} s`
    );
  }),
];

const memoryLines = (memory: MemoryUse): readonly string[] => {
  const pair = ({ keepMb, gateMb }: MemoryUse['fresh']): string =>
    `keep ${keepMb.toFixed(0)} MB, gate ${gateMb.toFixed(0)} MB`;
  return [
    `resident memory, ${memory.machines} machines`,
    `  after the import           ${pair(memory.fresh)}`,
    `  after ${memory.fetches} fetches        ${pair(memory.afterFetches)}   (target: at most 120 MB each)`,
    `  with ${memory.idleConnections} idle connections ${pair(memory.whileIdleConnections)}   (target: at most 150 MB each)`,
    `  processor time a fetch: keep ${memory.cpuPerFetch.keepMs.toFixed(2)} ms, gate ${memory.cpuPerFetch.gateMs.toFixed(2)} ms`,
  ];
};

const linesOf = (report: Report): readonly string[] => [
  `${report.machine.processor}, ${report.machine.cores} cores; disk: ${report.disk.perSecond.toFixed(0)} fdatasync/s, ` +
    `p50 ${report.disk.p50Ms.toFixed(2)} ms`,
  ...report.servers.flatMap(serverLines),
  `Debian's mandos with 100 machines, 16 at once`,
  `  ${shown(report.debianWithHundred)}`,
  ...sizeLines(report.sizes),
  ...memoryLines(report.memory),
];

if (process.argv.includes('--help')) {
  process.stdout.write(usage);
} else {
  const report = await measure(process.argv.includes('--quick') ? quick : full);
  const text = process.argv.includes('--json') ? JSON.stringify(report, undefined, 2) : linesOf(report).join('\n');
  process.stdout.write(`${text}\n`);
}

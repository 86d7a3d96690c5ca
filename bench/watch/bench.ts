// Checks of machines with next to nothing as checker: beside Debian's server and beside the bare cost of starting a program,
// in one run.

import { cpus, loadavg } from 'node:os';
import { Scratch } from '../../test/support/scratch.ts';
import { buildBareLoop, compareFleet, type FleetResult, type Idle, measureIdle, measureStop } from './fleets.ts';

interface Report {
  readonly machine: { readonly processor: string; readonly cores: number; readonly loadBefore: number };
  readonly fleets: readonly FleetResult[];
  readonly idle: Idle;
  readonly stop: { readonly hanging: number; readonly ms: number };
}

const usage = `usage: node bench/watch/bench.ts [--quick] [--json]

Needs root (Debian's server drops its privileges) and what scripts/setup --peers installs.

  --quick   short windows and a small idle fleet, for a look
  --json    one JSON document instead of lines
`;

const full = {
  plans: [
    { machines: 100, intervalS: 10, windowS: 60, withDebian: true },
    // Every ten seconds is more than Debian's server can begin with.
    { machines: 1_000, intervalS: 10, windowS: 60, withDebian: false },
    { machines: 1_000, intervalS: 120, windowS: 60, withDebian: true },
  ],
  idle: { machines: 100_000, windowS: 60 },
  hanging: 64,
};

const quick: typeof full = {
  plans: [
    { machines: 100, intervalS: 10, windowS: 30, withDebian: true },
    { machines: 1_000, intervalS: 10, windowS: 30, withDebian: false },
    { machines: 1_000, intervalS: 120, windowS: 30, withDebian: false },
  ],
  idle: { machines: 10_000, windowS: 20 },
  hanging: 64,
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
  const [processor] = cpus();
  const [loadBefore = Number.NaN] = loadavg();
  const bare = await buildBareLoop(scratch);
  const fleets: FleetResult[] = [];
  for (const plan of amount.plans) {
    say(`${plan.machines} machines, each every ${plan.intervalS} s`);
    // Servers of one fleet end before the next begins.
    await using own = new Scratch();
    fleets.push(await compareFleet(own, bare, plan));
  }
  say(`${amount.idle.machines} machines that are not due`);
  const idle = await measureIdle(scratch, amount.idle.machines, amount.idle.windowS);
  say(`a stop while ${amount.hanging} checkers hang`);
  const ms = await measureStop(scratch, amount.hanging);
  return {
    machine: { processor: processor?.model ?? 'unknown', cores: cpus().length, loadBefore },
    fleets,
    idle,
    stop: { hanging: amount.hanging, ms },
  };
};

const ms = (value: number | undefined, digits = 2): string =>
  value === undefined ? '–' : `${value.toFixed(digits)} ms`;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const fleetLines = ({ plan, bareCpuPerCheckMs, chatelaine, debian }: FleetResult): readonly string[] => [
  `${plan.machines} machines, each every ${plan.intervalS} s`,
  ...(debian === undefined
    ? []
    : [
        `  Debian's mandos   ${debian.perSecond.toFixed(1)}/s (${percent(debian.share)} of what is due), ` +
          `${debian.perSecond === 0 ? '–' : ms(debian.cpuPerCheckMs)} a check, late p50 ${ms(debian.p50DelayMs, 1)}, p99 ${ms(debian.p99DelayMs, 1)}`,
      ]),
  `  chatelaine        ${chatelaine.perSecond.toFixed(1)}/s (${percent(chatelaine.share)} of what is due), ` +
    `${ms(chatelaine.cpuPerCheckMs)} a check, late p50 ${ms(chatelaine.p50DelayMs, 1)}, p99 ${ms(chatelaine.p99DelayMs, 1)} ` +
    `(target: at most 100 ms); ${percent(chatelaine.coreShare)} of a core; the keep ${ms(chatelaine.keepCpuPerCheckMs)} more`,
  `  bare loop         ${ms(bareCpuPerCheckMs)} a check`,
  `  chatelaine ÷ bare loop    ${(chatelaine.cpuPerCheckMs / bareCpuPerCheckMs).toFixed(2)}   (target: at most 1.5)`,
  ...(debian === undefined || debian.perSecond === 0
    ? []
    : [`  Debian ÷ chatelaine       ${(debian.cpuPerCheckMs / chatelaine.cpuPerCheckMs).toFixed(0)} times`]),
  `  stopped after ${ms(chatelaine.stopMs, 0)}   (target: at most 1000 ms)`,
];

const linesOf = ({ machine, fleets, idle, stop }: Report): readonly string[] => [
  `${machine.processor}, ${machine.cores} cores, load ${machine.loadBefore.toFixed(1)} before`,
  ...fleets.flatMap(fleetLines),
  `${idle.machines} machines that are not due: ${percent(idle.coreShare)} of a core (target: at most 2 %), ` +
    `watch ${idle.watchMb.toFixed(0)} MB`,
  `stopped while ${stop.hanging} checkers hang: after ${stop.ms.toFixed(0)} ms (target: at most 1000 ms)`,
];

if (process.argv.includes('--help')) {
  process.stdout.write(usage);
} else {
  const report = await measure(process.argv.includes('--quick') ? quick : full);
  const text = process.argv.includes('--json') ? JSON.stringify(report, undefined, 2) : linesOf(report).join('\n');
  process.stdout.write(`${text}\n`);
}

// The same machines looked at by Debian's server and by ours, and the bare loop at the same pace.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDebianMandos } from '../../test/support/debian-mandos.ts';
import { type DevInstance, startDevInstance } from '../../test/support/dev-instance.ts';
import { runToSuccess } from '../../test/support/run-program.ts';
import type { Scratch } from '../../test/support/scratch.ts';
import { residentMb, treeCpuMs } from './process-tree.ts';
import { CheckListener, type SeenChecks } from './seen-checks.ts';

export interface FleetPlan {
  readonly machines: number;
  readonly intervalS: number;
  readonly windowS: number;
  /** Debian's server is measured too. */
  readonly withDebian: boolean;
}

/** What one server did in a window. */
interface Looked {
  readonly perSecond: number;
  /** Of what the machines' intervals ask for. */
  readonly share: number;
  /** Processor time of one check with everything that was started for it. */
  readonly cpuPerCheckMs: number;
  /** Lateness; absent if no machine was looked at twice. */
  readonly p50DelayMs?: number;
  readonly p99DelayMs?: number;
}

interface Ours extends Looked {
  /** From the signal to the end of the last process. */
  readonly stopMs: number;
  /** What the keep spends on the reports, for one check. */
  readonly keepCpuPerCheckMs: number;
  /** Processor time of watch, helper and checkers together, of one core. */
  readonly coreShare: number;
}

export interface FleetResult {
  readonly plan: FleetPlan;
  readonly bareCpuPerCheckMs: number;
  readonly chatelaine: Ours;
  readonly debian?: Looked;
}

const SETTLE_MS = 3_000;
const DEBIAN_PATIENCE_MS = 60_000;
const STANZAS_PER_FILE = 2_500;
const IMPORT_PATIENCE_MS = 600_000;

const stanzaOf = (name: string, checker: string, intervalS: number): string =>
  [
    `[${name}]`,
    'host = localhost',
    `key_id = ${randomBytes(32).toString('hex')}`,
    `fingerprint = ${randomBytes(20).toString('hex').toUpperCase()}`,
    `checker = ${checker}`,
    `interval = PT${intervalS}S`,
    'timeout = P1W',
    'secret = aGVsbG8=',
    '',
  ].join('\n');

const stanzasFor = (plan: Pick<FleetPlan, 'machines' | 'intervalS'>, checkerOf: (name: string) => string) =>
  Array.from({ length: plan.machines }, (_, index) => stanzaOf(`m${index}`, checkerOf(`m${index}`), plan.intervalS));

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

const lookedOf = (plan: FleetPlan, seen: SeenChecks, seconds: number, cpuMs: number): Looked => ({
  perSecond: seen.count / seconds,
  share: seen.count / seconds / (plan.machines / plan.intervalS),
  cpuPerCheckMs: cpuMs / seen.count,
  ...(seen.delaysMs.length > 0 && {
    p50DelayMs: quantile(seen.delaysMs, 0.5),
    p99DelayMs: quantile(seen.delaysMs, 0.99),
  }),
});

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/** An instance in which machines are enrolled. */
const startWithFleet = async (scratch: Scratch, stanzas: readonly string[]): Promise<DevInstance> => {
  const instance = await startDevInstance(scratch);
  const directory = scratch.directory();
  for (let from = 0; from < stanzas.length; from += STANZAS_PER_FILE) {
    const file = path.join(directory, `clients${from}.conf`);
    writeFileSync(file, stanzas.slice(from, from + STANZAS_PER_FILE).join('\n'), { mode: 0o600 });
    await instance.run(['machine', 'import', file], { patienceMs: IMPORT_PATIENCE_MS });
  }
  return instance;
};

const measureOurs = async (scratch: Scratch, plan: FleetPlan): Promise<Ours> => {
  const listener = await CheckListener.start(scratch, plan.intervalS * 1_000);
  const instance = await startWithFleet(
    scratch,
    stanzasFor(plan, (name) => listener.checkerOf(name)),
  );
  const [watch, keep] = [instance.pidOf('watch'), instance.pidOf('keep')];
  await sleep(SETTLE_MS);
  listener.take();
  const before = { watch: treeCpuMs(watch), keep: treeCpuMs(keep), at: performance.now() };
  await sleep(plan.windowS * 1_000);
  const seen = listener.take();
  const after = { watch: treeCpuMs(watch), keep: treeCpuMs(keep), at: performance.now() };
  const seconds = (after.at - before.at) / 1_000;
  const stopMs = await timed(() => instance.stop());
  listener.close();
  return {
    ...lookedOf(plan, seen, seconds, after.watch - before.watch),
    stopMs,
    keepCpuPerCheckMs: (after.keep - before.keep) / seen.count,
    coreShare: (after.watch - before.watch) / 1_000 / seconds,
  };
};

const measureDebian = async (scratch: Scratch, plan: FleetPlan): Promise<Looked> => {
  const listener = await CheckListener.start(scratch, plan.intervalS * 1_000);
  const stanzas = stanzasFor(plan, (name) => listener.checkerOf(name));
  const server = await startDebianMandos(scratch, stanzas.join('\n'));
  // With many machines it takes its time before it looks at the first.
  const patience = performance.now() + DEBIAN_PATIENCE_MS;
  while (listener.machines === 0 && performance.now() < patience) await sleep(100);
  await sleep(SETTLE_MS);
  listener.take();
  const before = { cpu: treeCpuMs(server.pid), at: performance.now() };
  await sleep(plan.windowS * 1_000);
  const seen = listener.take();
  const cpuMs = treeCpuMs(server.pid) - before.cpu;
  const seconds = (performance.now() - before.at) / 1_000;
  listener.close();
  return lookedOf(plan, seen, seconds, cpuMs);
};

/** Processor time of one check by the bare loop at the pace of a plan. */
const measureBare = async (program: string, { machines, intervalS, windowS }: FleetPlan): Promise<number> => {
  const perSecond = machines / intervalS;
  const count = Math.round((perSecond * windowS) / 2);
  const args = [String(count), String(Math.round(1e6 / perSecond)), '/bin/true'];
  return Number(await runToSuccess(program, args, { patienceMs: 10_000 * windowS })) / 1_000;
};

export const buildBareLoop = async (scratch: Scratch): Promise<string> => {
  const program = path.join(scratch.directory(), 'bare-checks');
  await runToSuccess('gcc', ['-O2', '-o', program, path.join(import.meta.dirname, 'bare-checks.c')]);
  return program;
};

/** Before and after the others, so that a busy moment of the machine counts for both. */
export const compareFleet = async (scratch: Scratch, bare: string, plan: FleetPlan): Promise<FleetResult> => {
  const earlier = await measureBare(bare, plan);
  const chatelaine = await measureOurs(scratch, plan);
  const later = await measureBare(bare, plan);
  return {
    plan,
    bareCpuPerCheckMs: (earlier + later) / 2,
    chatelaine,
    ...(plan.withDebian && { debian: await measureDebian(scratch, plan) }),
  };
};

/** Many machines, of which hardly any is due. */
export interface Idle {
  readonly machines: number;
  readonly coreShare: number;
  readonly watchMb: number;
}

export const measureIdle = async (scratch: Scratch, machines: number, windowS: number): Promise<Idle> => {
  const instance = await startWithFleet(
    scratch,
    stanzasFor({ machines, intervalS: 7 * 86_400 }, () => 'true'),
  );
  const watch = instance.pidOf('watch');
  await sleep(SETTLE_MS);
  const before = { cpu: treeCpuMs(watch), at: performance.now() };
  await sleep(windowS * 1_000);
  const coreShare = (treeCpuMs(watch) - before.cpu) / (performance.now() - before.at);
  const watchMb = residentMb(watch);
  await instance.stop();
  return { machines, coreShare, watchMb };
};

/** How long the watch takes to end while so many checkers hang. */
export const measureStop = async (scratch: Scratch, hanging: number): Promise<number> => {
  const instance = await startWithFleet(
    scratch,
    stanzasFor({ machines: hanging, intervalS: 5 }, () => 'sleep 1000; true'),
  );
  await sleep(8_000);
  return await timed(() => instance.stop());
};

// Three servers in one run: Debian's, ours, and the bare loop that decides nothing and writes nothing.

import { startDebianMandos } from '../../test/support/debian-mandos.ts';
import type { DevInstance } from '../../test/support/dev-instance.ts';
import type { Scratch } from '../../test/support/scratch.ts';
import { makeFleet } from './fleet.ts';
import type { LoadResult, Programs } from './load.ts';
import { interleave, median } from './rounds.ts';
import { startChatelaine } from './start-chatelaine.ts';

/** The middle of some rounds. */
export interface Rate {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rounds: number;
  /** Fetches of all rounds that came to nothing. */
  readonly lost: number;
}

/** Processor time that one fetch costs our processes. */
export interface CpuPerFetch {
  readonly keepMs: number;
  readonly gateMs: number;
}

/** One concurrency, all contestants. */
export interface ThreeServers {
  readonly atOnce: number;
  readonly rates: Readonly<Record<'debian' | 'chatelaine' | 'bare' | 'bareEpoll', Rate>>;
  readonly cpuPerFetch: CpuPerFetch;
}

export interface Amount {
  readonly rounds: number;
  readonly fetches: number;
  /** Debian's server is slower by a factor of fifty or more; it gets fewer. */
  readonly debianFetches: number;
}

/** The medians over the rounds. */
export const middle = (results: readonly LoadResult[]): Rate => ({
  perSecond: median(results.map((result) => result.perSecond)),
  p50Ms: median(results.map((result) => result.p50Ms)),
  p99Ms: median(results.map((result) => result.p99Ms)),
  rounds: results.length,
  lost: results.reduce((sum, result) => sum + result.fetches - result.ok, 0),
});

/** Runs `work` and says what it cost our processes, for each of `fetches`. */
export const cpuPerFetch = async (
  instance: DevInstance,
  fetches: number,
  work: () => Promise<unknown>,
): Promise<CpuPerFetch> => {
  const before = [instance.footprint('keep').cpuMs, instance.footprint('gate').cpuMs] as const;
  await work();
  return {
    keepMs: (instance.footprint('keep').cpuMs - before[0]) / fetches,
    gateMs: (instance.footprint('gate').cpuMs - before[1]) / fetches,
  };
};

/** Measures all of them with the same fleet of 10 machines. */
export const compareThreeServers = async (
  scratch: Scratch,
  programs: Programs,
  amount: Amount,
  concurrencies: readonly number[],
): Promise<readonly ThreeServers[]> => {
  const fleet = makeFleet(10, 10);
  const load = programs.loadOf(fleet);
  const debian = await startDebianMandos(scratch, fleet.stanzas.join('\n'));
  const ours = await startChatelaine(scratch, fleet);
  const bare = await programs.startBareLoop(fleet, true);
  const bareEpoll = await programs.startBareLoop(fleet, false);
  const results: ThreeServers[] = [];
  for (const atOnce of concurrencies) {
    const measure =
      (port: number, fetches: number, mayLose = false) =>
      (): Promise<LoadResult> =>
        load(port, { fetches, atOnce, mayLose });
    await measure(ours.mandosPort, amount.fetches)();
    const rounds = await interleave(amount.rounds, {
      debian: measure(debian.port, amount.debianFetches, true),
      chatelaine: measure(ours.mandosPort, amount.fetches),
      bare: measure(bare, amount.fetches),
      bareEpoll: measure(bareEpoll, amount.fetches),
    });
    results.push({
      atOnce,
      rates: {
        debian: middle(rounds.debian),
        chatelaine: middle(rounds.chatelaine),
        bare: middle(rounds.bare),
        bareEpoll: middle(rounds.bareEpoll),
      },
      cpuPerFetch: await cpuPerFetch(ours, amount.fetches, measure(ours.mandosPort, amount.fetches)),
    });
  }
  return results;
};

/** Debian's server with a hundred clients: its cost grows with their number. */
export const measureDebianWithHundred = async (
  scratch: Scratch,
  programs: Programs,
  fetches: number,
): Promise<Rate> => {
  const fleet = makeFleet(100, 100);
  const debian = await startDebianMandos(scratch, fleet.stanzas.join('\n'));
  return middle([await programs.loadOf(fleet)(debian.port, { fetches, atOnce: 16, mayLose: true })]);
};

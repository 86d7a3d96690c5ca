// The same server with 10, 1,000 and 100,000 machines enrolled: neither a fetch nor a start may grow with them.

import { type DevInstance, startDevInstance } from '../../test/support/dev-instance.ts';
import { freePort } from '../../test/support/free-port.ts';
import { Scratch } from '../../test/support/scratch.ts';
import { makeFleet } from './fleet.ts';
import type { Load, LoadResult, Programs } from './load.ts';
import { interleave, median } from './rounds.ts';
import { startChatelaine } from './start-chatelaine.ts';
import { middle, type Rate } from './three-servers.ts';

/** One size of fleet. */
export interface FleetSize {
  readonly machines: number;
  readonly rate: Rate;
  /** From the command to the line that says it is ready, on a store that is there already. */
  readonly readyMs: number;
  /** This many that come back at the same moment are all served after so long. */
  readonly salvo: { readonly machines: number; readonly seconds: number };
}

export interface SizesAmount {
  readonly rounds: number;
  readonly fetches: number;
  readonly sizes: readonly number[];
}

const FETCHING = 10_000;
const SALVO = 500;
const STARTS = 3;

interface Contestant {
  readonly machines: number;
  readonly instance: DevInstance;
  readonly load: Load;
}

const measureStart = async (dir: string): Promise<number> => {
  await using scratch = new Scratch();
  const begunMs = performance.now();
  await startDevInstance(scratch, { dir, mandosPort: await freePort() });
  return performance.now() - begunMs;
};

/** Measures every size, in interleaved rounds. */
export const compareFleetSizes = async (
  scratch: Scratch,
  programs: Programs,
  amount: SizesAmount,
): Promise<readonly FleetSize[]> => {
  const contestants: Contestant[] = [];
  for (const machines of amount.sizes) {
    const fleet = makeFleet(machines, FETCHING);
    contestants.push({ machines, instance: await startChatelaine(scratch, fleet), load: programs.loadOf(fleet) });
  }
  const fetchFrom = ({ instance, load }: Contestant): Promise<LoadResult> =>
    load(instance.mandosPort, { fetches: amount.fetches, atOnce: 16 });
  for (const contestant of contestants) await fetchFrom(contestant);
  const rounds = await interleave(
    amount.rounds,
    Object.fromEntries(contestants.map((contestant) => [contestant.machines, () => fetchFrom(contestant)])),
  );
  const sizes: FleetSize[] = [];
  for (const { machines, instance, load } of contestants) {
    const salvo = await load(instance.mandosPort, { fetches: SALVO, atOnce: SALVO, salvo: true });
    await instance.stop();
    const starts: number[] = [];
    for (let start = 0; start < STARTS; start++) starts.push(await measureStart(instance.dir));
    sizes.push({
      machines,
      rate: middle(rounds[machines] ?? []),
      readyMs: median(starts),
      salvo: { machines: SALVO, seconds: salvo.seconds },
    });
  }
  return sizes;
};

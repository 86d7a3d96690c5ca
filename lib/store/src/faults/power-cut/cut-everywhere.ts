// Cuts the power at every boundary of a recording, several times each: nothing unsynced is there, everything is, one write
// alone is missing, there, or torn, and any mixture, in any order. Reproducible from the seed.

import type { DiskRecording, Files } from './record-disk.ts';
import { type Chance, type Fate, SimulatedDisk } from './simulated-disk.ts';

/** One cut: what is on the disk then, and what the program had told before. */
export interface Cut {
  /** Says where, for a failure. */
  readonly place: string;
  /** Good until the next cut. */
  readonly files: Files;
  readonly told: readonly string[];
}

/** Whole numbers below `end`, the same for the same seed (mulberry32: 32 bits of state, enough to spread cuts). */
export const seededBelow = (seed: number): Chance['below'] => {
  let state = seed >>> 0;
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
};

const mixture = ['kept', 'dropped', 'hole', 'torn'] as const;

/** The way number `turn` of losing things. */
const wayOf = (turn: number, below: Chance['below']): Chance['fateOf'] => {
  const special = below(1 << 20);
  const [alone, others]: readonly [Fate, Fate] = (
    [
      ['dropped', 'dropped'],
      ['kept', 'kept'],
      ['dropped', 'kept'],
      ['kept', 'dropped'],
      ['torn', 'kept'],
      ['torn', 'dropped'],
      ['hole', 'kept'],
    ] as const
  )[turn] ?? ['torn', 'torn'];
  if (turn < 7) return (index, count) => (index === special % count ? alone : others);
  return () => mixture[below(mixture.length)] ?? 'kept';
};

const turnsAt = (disk: SimulatedDisk, perBoundary: number): number => (disk.unsynced === 0 ? 1 : perBoundary);

const countTurns = (recording: DiskRecording, perBoundary: number): number => {
  const disk = new SimulatedDisk(recording);
  let turns = 0;
  for (const event of recording.events) {
    disk.follow(event);
    turns += turnsAt(disk, perBoundary);
  }
  return turns;
};

export interface CutOptions {
  /** Cuts at each boundary where anything is unsynced; where nothing is there is one. */
  readonly perBoundary: number;
  /** No more than this many, spread evenly. */
  readonly most: number;
  readonly seed: number;
}

/** The cuts, in the order of the recording. */
export function* cutEverywhere(recording: DiskRecording, { perBoundary, most, seed }: CutOptions): Generator<Cut> {
  const share = Math.min(1, most / countTurns(recording, perBoundary));
  const disk = new SimulatedDisk(recording);
  const below = seededBelow(seed);
  const told: string[] = [];
  let turns = 0;
  for (const [at, event] of recording.events.entries()) {
    disk.follow(event);
    if (event.kind === 'tell') told.push(event.line);
    for (let turn = 0; turn < turnsAt(disk, perBoundary); turn++) {
      turns++;
      if (Math.floor(turns * share) === Math.floor((turns - 1) * share)) continue;
      // The rarer ways take turns where there are fewer cuts than ways.
      const way = turn < 2 ? turn : 2 + ((at * (perBoundary - 2) + turn) % 8);
      const chance = { fateOf: wayOf(way, below), below, isShuffled: way === 9 };
      yield {
        place: `after event ${at} (${event.kind}), way ${way}, seed ${seed}`,
        files: disk.cut(chance),
        told: [...told],
      };
    }
  }
}

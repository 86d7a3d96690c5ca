// Compares the time of two kinds of input to the same work. They are measured in turns, in random order, each sample on an input of
// its own, so that caches, clocks and other programs treat both alike.

import { randomInt } from 'node:crypto';
import { cutTails, welchT } from './welch.ts';

/** Share of the samples that counts. */
const KEPT = 0.9;

export interface TimedWork<Input> {
  /** Makes an input; what it takes is not measured. */
  readonly first: (turn: number) => Input;
  readonly second: (turn: number) => Input;
  readonly run: (input: Input) => unknown;
  /** How often the work is done for one sample, so that it is long beside the reading of the clock. */
  readonly repeat?: number;
}

export interface TimingVerdict {
  readonly t: number;
  /** How much longer the first takes than the second, as a share of the second. */
  readonly difference: number;
}

const measure = async <Input>({ run, repeat = 1 }: TimedWork<Input>, input: Input): Promise<number> => {
  const start = process.hrtime.bigint();
  for (let turn = 0; turn < repeat; turn++) {
    const outcome = run(input);
    if (outcome instanceof Promise) await outcome;
  }
  return Number(process.hrtime.bigint() - start);
};

/** Takes `samples` of each side. */
export const compareTiming = async <Input>(work: TimedWork<Input>, samples: number): Promise<TimingVerdict> => {
  const first: number[] = [];
  const second: number[] = [];
  const warmUp = Math.ceil(samples / 10);
  for (let turn = 0; turn < samples + warmUp; turn++) {
    const inputs = [work.first(turn), work.second(turn)] as const;
    const order = randomInt(2) === 0 ? [0, 1] : [1, 0];
    for (const side of order) {
      const ns = await measure(work, inputs[side] as Input);
      if (turn >= warmUp) (side === 0 ? first : second).push(ns);
    }
  }
  const [a, b] = cutTails(first, second, KEPT);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { t: welchT(a, b), difference: mean(a) / mean(b) - 1 };
};

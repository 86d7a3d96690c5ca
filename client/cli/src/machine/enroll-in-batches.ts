// Enrols any number of machines. One batch is all or nothing; what was enrolled before a refused batch stays, and the
// person is told exactly how far it went.

import { randomUUID } from 'node:crypto';
import { type Client, machines, type Refused } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { failureOf } from '../refused-answer.ts';
import { Progress } from '../terminal/progress.ts';

/** Leaves room in one transaction for the sealing, the indexes and the audit record. */
const MAX_BATCH_BYTES = 524_288;

const sizeOf = (machine: machines.NewMachine): number =>
  machine.secret.length +
  4 * (machine.name.length + machine.settings.checker.length + machine.settings.host.length) +
  512;

/** Cuts the list where a batch would hold too many machines or bytes. */
export const inBatches = (all: readonly machines.NewMachine[]): machines.NewMachine[][] => {
  const batches: machines.NewMachine[][] = [];
  let size = 0;
  for (const machine of all) {
    const last = batches.at(-1);
    const added = sizeOf(machine);
    if (last === undefined || last.length === machines.MAX_ENROLLED_AT_ONCE || size + added > MAX_BATCH_BYTES) {
      batches.push([machine]);
      size = added;
    } else {
      last.push(machine);
      size += added;
    }
  }
  return batches;
};

/** Says which machine it was, if the keep says it, and how far the work went. */
const failureOfBatch = (refused: Refused, batch: readonly machines.NewMachine[], before: number): Failure => {
  const index = /^machines\.(\d+)\b/.exec(refused.field ?? '')?.[1];
  const culprit = index === undefined ? undefined : batch[Number(index)]?.name;
  const names = batch.length === 1 ? batch[0]?.name : `between ${batch[0]?.name} and ${batch.at(-1)?.name}`;
  const { field: _, ...rest } = refused;
  const failure = failureOf(culprit === undefined ? refused : rest, culprit ?? names);
  const done = before === 0 ? 'Nothing was imported.' : `${before} machines before it were imported.`;
  const hint = refused.code === 'already-exists' ? 'If what is there may go: --replace' : failure.hint;
  return new Failure(failure.exit, `${failure.message} ${done}`, hint);
};

export interface Enrolled {
  readonly enrolled: readonly string[];
  readonly replaced: readonly string[];
}

/** Enrols all of them, in order. */
export const enrollInBatches = async (
  client: Client,
  all: readonly machines.NewMachine[],
  replace: boolean,
): Promise<Enrolled> => {
  const enrolled: string[] = [];
  const replaced: string[] = [];
  const progress = new Progress();
  try {
    for (const batch of inBatches(all)) {
      const answer = await client.call(machines.enroll, { machines: batch, replace }, { requestId: randomUUID() });
      if (answer.kind === 'refused') throw failureOfBatch(answer, batch, enrolled.length);
      enrolled.push(...answer.value.enrolled);
      replaced.push(...answer.value.replaced);
      progress.show(() => `${enrolled.length} of ${all.length} machines`);
    }
  } finally {
    progress.end();
  }
  return { enrolled, replaced };
};

// Enrols any number of machines. One batch is all or nothing; what was enrolled before a refused batch stays, and the
// person is told exactly how far it went.

import { randomUUID } from 'node:crypto';
import { type Client, machines } from '@chatelaine/contract';
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
      if (answer.kind === 'refused') {
        const failure = failureOf(answer);
        const names = batch.map(({ name }) => name);
        const where = names.length === 1 ? names[0] : `between ${names[0]} and ${names.at(-1)}`;
        const before = enrolled.length + replaced.length;
        const done = before === 0 ? 'Nothing was imported.' : `${before} machines before it were imported.`;
        const hint = answer.code === 'already-exists' ? 'If what is there may go: --replace' : failure.hint;
        throw new Failure(failure.exit, `${where}: ${failure.message} ${done}`, hint);
      }
      enrolled.push(...answer.value.enrolled);
      replaced.push(...answer.value.replaced);
      progress.show(() => `${enrolled.length + replaced.length} of ${all.length} machines`);
    }
  } finally {
    progress.end();
  }
  return { enrolled, replaced };
};

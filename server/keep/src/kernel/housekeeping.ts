// What modules do in the background, a bounded step at a time: each step is one transaction, with a record of every subject that it
// changed. A step that meets a conflict, or more steps than a turn has, are left for the next turn.

import type { Clock } from './clock.ts';
import { appendRecord } from './last-decision.ts';
import type { RunningModule } from './module.ts';
import { SharedTransaction } from './module-transaction.ts';
import type { OpenState } from './open-state.ts';
import type { Principal } from './principal.ts';
import { objectOf } from './recorder.ts';

const STEPS_A_TURN = 100;

/** The keep, where nobody asked. */
const itself: Principal = { role: 'admin', identity: 'keep' };

type Housekeeping = NonNullable<RunningModule['housekeeping']>;

const step = async (
  { vault, recorder, clockGuard }: OpenState,
  clock: Clock,
  module: string,
  { operation, work }: Housekeeping,
): Promise<'more' | 'done'> => {
  const tx = new SharedTransaction(vault);
  try {
    const nowUnixMs = clock.nowUnixMs();
    const moment = { nowUnixMs, askedAtUnixMs: nowUnixMs, clockBehindMs: clockGuard.behindMs() };
    const { touched, isDone } = await work(tx.of(module), moment);
    for (const path of touched) {
      appendRecord(tx, recorder.compose(itself, operation, objectOf(module, path), 'changed'), false);
    }
    if (!tx.sealed.isEmpty) {
      const committed = await tx.sealed.commit();
      if (committed.kind !== 'committed') return 'done';
      recorder.noteCommit(committed);
    }
    return isDone ? 'done' : 'more';
  } finally {
    tx.release();
  }
};

/** One turn of every module; requests go on between its steps. */
export const keepModulesHouse = async (open: OpenState, clock: Clock): Promise<void> => {
  for (const { module, ...housekeeping } of open.modules.housekeeping) {
    for (let steps = 0; steps < STEPS_A_TURN; steps++) {
      if ((await step(open, clock, module, housekeeping)) === 'done') break;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
};

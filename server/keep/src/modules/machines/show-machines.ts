// Machines as people see them: never a secret, and why the last decision about one came out as it did.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, stream } from '../../kernel/module.ts';
import { findMachine } from './change-machine.ts';
import { listMachines, readMachine, readState } from './machine-record.ts';
import type { MachinesContext } from './machines-context.ts';

const list = (context: MachinesContext): BoundOperation =>
  answer(machines.list, async ({ input, moment }, tx) => {
    const page = await listMachines(tx, input);
    const views: machines.MachineView[] = [];
    for (const { name, ...machine } of page.machines) {
      const state = await readState(tx, name, machine);
      views.push(context.viewOf(context.settle(name, machine, state, moment.nowUnixMs)));
    }
    return ok(page.cursor === undefined ? { machines: views } : { machines: views, cursor: page.cursor });
  });

const show = (context: MachinesContext): BoundOperation =>
  answer(machines.show, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    return known === undefined ? refuse('not-found') : ok(context.viewOf(known));
  });

const why = ({ services }: MachinesContext): BoundOperation =>
  answer(machines.why, async ({ input }, tx) => {
    const last = await services.lastDecision(tx, input.name);
    if (last === undefined) return (await readMachine(tx, input.name)) === undefined ? refuse('not-found') : ok({});
    const { atUnixMs, who, decision, code, condition, facts } = last;
    if (decision === 'changed' || decision === 'counted') throw new TypeError(`${decision} is not a decision`);
    return ok({
      last: {
        atUnixMs,
        who,
        decision,
        ...(code !== undefined && { code }),
        ...(condition !== undefined && { condition }),
        facts: [...facts],
      },
    });
  });

async function* listening(): AsyncGenerator<machines.MachineEvent> {
  yield { kind: 'listening' };
}

const events = (context: MachinesContext): BoundOperation =>
  stream(machines.events, async (_call, signal) => context.events.listen(listening(), signal));

export const showMachines = (context: MachinesContext): readonly BoundOperation[] =>
  [list, show, why, events].map((bind) => bind(context));

// Machines as people see them: never a secret, and why the last decision about one came out as it did.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, type ModuleServices } from '../../kernel/module.ts';
import { listMachines, type MachineRecord, readMachine } from './machine-record.ts';

const viewOf = (name: string, { format, ...machine }: MachineRecord): machines.MachineView => ({ ...machine, name });

const list = answer(machines.list, async ({ input }, tx) => {
  const page = await listMachines(tx, input);
  const views = page.machines.map(({ name, ...machine }) => viewOf(name, machine));
  return ok(page.cursor === undefined ? { machines: views } : { machines: views, cursor: page.cursor });
});

const show = answer(machines.show, async ({ input }, tx) => {
  const machine = await readMachine(tx, input.name);
  return machine === undefined ? refuse('not-found') : ok(viewOf(input.name, machine));
});

const why = ({ lastDecision }: ModuleServices): BoundOperation =>
  answer(machines.why, async ({ input }, tx) => {
    const last = await lastDecision(tx, input.name);
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

export const showMachines = (services: ModuleServices): readonly BoundOperation[] => [list, show, why(services)];

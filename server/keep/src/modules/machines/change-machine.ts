// One machine changed by a person: enabled, cut off, removed, or given another secret. The last decision stays readable
// after a removal, so that `why` can still tell.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { deleteMachine, putMachine, putSecret, readMachine } from './machine-record.ts';

const enable = answer(machines.enable, async ({ input, moment }, tx) => {
  const machine = await readMachine(tx, input.name);
  if (machine === undefined) return refuse('not-found');
  if (machine.enabled) return ok({ changed: false });
  putMachine(tx, input.name, { ...machine, enabled: true, enabledAtUnixMs: moment.nowUnixMs });
  return ok({ changed: true });
});

const disable = answer(machines.disable, async ({ input }, tx) => {
  const machine = await readMachine(tx, input.name);
  if (machine === undefined) return refuse('not-found');
  if (!machine.enabled) return ok({ changed: false });
  putMachine(tx, input.name, { ...machine, enabled: false });
  return ok({ changed: true });
});

const remove = answer(machines.remove, async ({ input }, tx) => {
  const machine = await readMachine(tx, input.name);
  if (machine === undefined) return refuse('not-found');
  deleteMachine(tx, input.name, machine);
  return ok({});
});

const setSecret = answer(machines.setSecret, async ({ input, moment }, tx) => {
  const machine = await readMachine(tx, input.name);
  if (machine === undefined) return refuse('not-found');
  const secretSizeBytes = input.secret.length;
  putMachine(tx, input.name, { ...machine, secretSetAtUnixMs: moment.nowUnixMs, secretSizeBytes });
  putSecret(tx, input.name, input.secret);
  return ok({});
});

export const changeMachine: readonly BoundOperation[] = [enable, disable, remove, setSecret];

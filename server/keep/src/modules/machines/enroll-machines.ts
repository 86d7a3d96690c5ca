// Machines are enrolled all together or not at all. A name or key that is taken is a refusal, unless the caller said
// `replace`: then whoever held it is gone, with its secret.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, type Call } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { refuseCodeRule } from './code-givers.ts';
import { enrolled } from './liveness.ts';
import {
  deleteMachine,
  findByKeyId,
  putKey,
  putMachine,
  putSecret,
  putState,
  readMachine,
  requireMachine,
} from './machine-record.ts';
import type { MachinesContext } from './machines-context.ts';

const duplicateIn = (values: readonly (string | undefined)[]): number =>
  values.findIndex((value, index) => value !== undefined && values.indexOf(value) !== index);

/** The machines that hold the name or the key already. */
const holdersOf = async (
  tx: ModuleTransaction,
  name: string,
  keyId: string | undefined,
): Promise<ReadonlySet<string>> => {
  const holders = new Set<string>();
  if ((await readMachine(tx, name)) !== undefined) holders.add(name);
  const ofKey = keyId === undefined ? undefined : await findByKeyId(tx, keyId);
  if (ofKey !== undefined) holders.add(ofKey);
  return holders;
};

const put = (
  context: MachinesContext,
  call: Call<unknown>,
  tx: ModuleTransaction,
  machine: machines.NewMachine,
): void => {
  const { nowUnixMs } = call.moment;
  const { name, keyId, secret, ...rest } = machine;
  const record = {
    format: 1,
    ...rest,
    ...(keyId !== undefined && { keyId }),
    createdAtUnixMs: nowUnixMs,
    ...(machine.enabled && { enabledAtUnixMs: nowUnixMs }),
    secretSetAtUnixMs: nowUnixMs,
    secretSizeBytes: secret.length,
  } as const;
  putMachine(tx, name, record);
  const state = { format: 1, ...enrolled({ name, ...record }, nowUnixMs, context.run) } as const;
  putState(tx, name, state);
  putSecret(tx, name, secret);
  if (keyId !== undefined) putKey(tx, keyId, name);
  const known = { name, machine: record, state };
  context.tell(call, known, { kind: 'added', firstCheckInMs: context.firstCheckInMs(known, nowUnixMs) });
};

export const enrollMachines = (context: MachinesContext): BoundOperation =>
  answer(machines.enroll, async (call, tx) => {
    const { input, touch } = call;
    const sameName = duplicateIn(input.machines.map((machine) => machine.name));
    if (sameName >= 0)
      return refuse('invalid-input', { field: `machines.${sameName}.name`, message: 'is given twice' });
    const sameKey = duplicateIn(input.machines.map((machine) => machine.keyId));
    if (sameKey >= 0) return refuse('invalid-input', { field: `machines.${sameKey}.keyId`, message: 'is given twice' });
    const replaced = new Set<string>();
    for (const [index, machine] of input.machines.entries()) {
      const { oneTimeCode } = machine.settings;
      const useless = refuseCodeRule(context.services, oneTimeCode, `machines.${index}.settings.oneTimeCode`);
      if (useless !== undefined) return useless;
      for (const holder of await holdersOf(tx, machine.name, machine.keyId)) {
        if (!input.replace) {
          const field = `machines.${index}.${holder === machine.name ? 'name' : 'keyId'}`;
          return refuse('already-exists', { field, message: 'is enrolled already' });
        }
        replaced.add(holder);
      }
    }
    for (const name of replaced) {
      deleteMachine(tx, name, await requireMachine(tx, name));
      call.afterCommit(() => {
        context.events.tell({ kind: 'removed', name });
        context.tellWatch({ kind: 'gone', name });
      });
      touch(name);
    }
    for (const machine of input.machines) {
      put(context, call, tx, machine);
      if (!replaced.has(machine.name)) touch(machine.name);
    }
    return ok({ enrolled: input.machines.map((machine) => machine.name), replaced: [...replaced] });
  });

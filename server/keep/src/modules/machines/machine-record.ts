// What is kept about a machine, in four records: the machine, its state, its secret, and where its key leads. The machine
// changes when a person changes it, the state with every check. A machine that may have its secret says so itself (`enabled: true`); the absence
// of anything grants nothing. Forms: docs/formats/machines.md.

import { machines } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction, RecordFormError } from '../../kernel/module-transaction.ts';

const machineForm = defineRecord(
  'machine',
  z.strictObject({
    format: z.literal(1),
    keyId: z.string().optional(),
    fingerprint: z.string().optional(),
    enabled: z.boolean(),
    createdAtUnixMs: z.number().int(),
    enabledAtUnixMs: z.number().int().optional(),
    secretSetAtUnixMs: z.number().int(),
    secretSizeBytes: z.number().int(),
    settings: machines.machineSettingsSchema,
  }),
);

const unixMs = z.number().int();

const stateForm = defineRecord(
  'machine state',
  z.strictObject({
    format: z.literal(1),
    expiresAtUnixMs: unixMs,
    expiredAtUnixMs: unixMs.optional(),
    lastCheckedOkAtUnixMs: unixMs.optional(),
    lastCheckerStatus: z.number().int(),
    extendedAtUnixMs: unixMs.optional(),
    runAtUnixMs: unixMs,
    epoch: z.number().int().optional(),
    restoredAtUnixMs: unixMs.optional(),
    lastApprovalRequestAtUnixMs: unixMs.optional(),
    /** One decision for whatever the machine asks, for a time. */
    approval: z.strictObject({ approve: z.boolean(), untilUnixMs: unixMs }).optional(),
  }),
);

const secretForm = defineRecord(
  'machine secret',
  z.strictObject({ format: z.literal(1), secret: z.custom<Uint8Array>((value) => value instanceof Uint8Array) }),
);

const keyForm = defineRecord('machine key', z.strictObject({ format: z.literal(1), name: z.string() }));

export type MachineRecord = z.infer<typeof machineForm.schema>;
export type MachineState = z.infer<typeof stateForm.schema>;

const BY_NAME = 'machines';
const machinePath = (name: string): string => `${BY_NAME}/${name}`;
const statePath = (name: string): string => `states/${name}`;
const secretPath = (name: string): string => `secrets/${name}`;
const keyPath = (keyId: string): string => `keys/${keyId}`;

export const readMachine = (tx: ModuleTransaction, name: string): Promise<MachineRecord | undefined> =>
  tx.get(machineForm, machinePath(name));

/** The state on record; that of a machine from before there were states is as if it had never been checked. */
export const readState = async (tx: ModuleTransaction, name: string, machine: MachineRecord): Promise<MachineState> => {
  const kept = await tx.get(stateForm, statePath(name));
  if (kept !== undefined) return kept;
  const expiresAtUnixMs = (machine.enabledAtUnixMs ?? machine.createdAtUnixMs) + machine.settings.timeoutMs;
  return { format: 1, expiresAtUnixMs, lastCheckerStatus: machines.NO_CHECK_YET, runAtUnixMs: 0 };
};

/** The name of the machine that holds this key. */
export const findByKeyId = async (tx: ModuleTransaction, keyId: string): Promise<string | undefined> =>
  (await tx.get(keyForm, keyPath(keyId)))?.name;

/** The machine that a key leads to; throws {@link RecordFormError} if there is none. */
export const requireMachine = async (tx: ModuleTransaction, name: string): Promise<MachineRecord> => {
  const machine = await readMachine(tx, name);
  if (machine === undefined) throw new RecordFormError('a known key leads to a machine that is not there');
  return machine;
};

/** The secret of a machine that exists; bytes valid until the answer was encoded. */
export const requireSecret = async (tx: ModuleTransaction, name: string): Promise<Uint8Array> => {
  const record = await tx.get(secretForm, secretPath(name));
  if (record === undefined) throw new RecordFormError('a machine has no secret');
  return record.secret;
};

/** One page of machines, without their secrets. */
export const listMachines = async (
  tx: ModuleTransaction,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ readonly machines: readonly (MachineRecord & { readonly name: string })[]; readonly cursor?: string }> => {
  const page = await tx.list(machineForm, BY_NAME, cursor === undefined ? { limit } : { limit, cursor });
  const found = page.records.map(({ path, value }) => ({ ...value, name: path.slice(BY_NAME.length + 1) }));
  return page.cursor === undefined ? { machines: found } : { machines: found, cursor: page.cursor };
};

export const putMachine = (tx: ModuleTransaction, name: string, machine: MachineRecord): void =>
  tx.put(machineForm, machinePath(name), machine);

export const putState = (tx: ModuleTransaction, name: string, state: MachineState): void =>
  tx.put(stateForm, statePath(name), state);

export const putSecret = (tx: ModuleTransaction, name: string, secret: Uint8Array): void =>
  tx.put(secretForm, secretPath(name), { format: 1, secret });

export const putKey = (tx: ModuleTransaction, keyId: string, name: string): void =>
  tx.put(keyForm, keyPath(keyId), { format: 1, name });

const deleteKey = (tx: ModuleTransaction, keyId: string): void => tx.delete(keyPath(keyId));

/** Deletes all records of a machine. */
export const deleteMachine = (tx: ModuleTransaction, name: string, machine: MachineRecord): void => {
  tx.delete(machinePath(name));
  tx.delete(statePath(name));
  tx.delete(secretPath(name));
  if (machine.keyId !== undefined) deleteKey(tx, machine.keyId);
};

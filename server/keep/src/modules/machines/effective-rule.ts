// What goes for a machine: its own settings, else the nearest rule above it in the tree, each condition and the type for itself.

import { machines } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

/** Conditions of a machine besides its own switch and time, and of which type it is. */
export interface EffectiveRule {
  readonly approval?: machines.ApprovalRule | undefined;
  readonly window?: machines.TimeWindow | undefined;
  readonly oneTimeCode?: machines.CodeRule | undefined;
  readonly type?: string | undefined;
}

const rulesForm = defineRecord(
  'machine rules',
  z.strictObject({ format: z.literal(1), rules: z.array(machines.machineRuleSchema) }),
);
const PATH = 'rules';

/** The rules of all branches; one record, so that a decision reads them at once. */
export const readRules = async (tx: ModuleTransaction): Promise<readonly machines.MachineRule[]> =>
  (await tx.get(rulesForm, PATH))?.rules ?? [];

export const putRules = (tx: ModuleTransaction, rules: readonly machines.MachineRule[]): void =>
  tx.put(rulesForm, PATH, { format: 1, rules: [...rules] });

const goesFor = (rule: machines.MachineRule, name: string): boolean =>
  rule.path === '' || name.startsWith(`${rule.path}/`);

/** The rule that a machine is under. */
export const effectiveRule = (
  rules: readonly machines.MachineRule[],
  name: string,
  settings: machines.MachineSettings,
): EffectiveRule => {
  const nearestFirst = rules
    .filter((rule) => goesFor(rule, name))
    .toSorted((one, other) => other.path.length - one.path.length);
  return {
    approval: settings.approval ?? nearestFirst.find((rule) => rule.approval !== undefined)?.approval,
    window: settings.window ?? nearestFirst.find((rule) => rule.window !== undefined)?.window,
    oneTimeCode: settings.oneTimeCode ?? nearestFirst.find((rule) => rule.oneTimeCode !== undefined)?.oneTimeCode,
    type: settings.type ?? nearestFirst.find((rule) => rule.type !== undefined)?.type,
  };
};

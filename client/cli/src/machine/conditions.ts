// Under which conditions of approval and time a machine is: its own, else those of the nearest rule above it in the tree that
// says something about it.

import type { machines } from '@chatelaine/contract';

/** A condition and the branch whose rule it comes from; absent if it is the machine's own. */
export interface Placed<T> {
  readonly value: T;
  readonly from?: string;
}

export interface Conditions {
  readonly approval?: Placed<machines.ApprovalRule>;
  readonly window?: Placed<machines.TimeWindow>;
}

const nearest = (rules: readonly machines.MachineRule[], name: string, says: keyof Conditions) =>
  rules
    .filter((rule) => rule[says] !== undefined && (rule.path === '' || name.startsWith(`${rule.path}/`)))
    .toSorted((one, other) => other.path.length - one.path.length)[0];

/** What goes for a machine. */
export const conditionsOf = (
  { name, settings }: Pick<machines.MachineView, 'name' | 'settings'>,
  rules: readonly machines.MachineRule[],
): Conditions => {
  const approvalRule = nearest(rules, name, 'approval');
  const windowRule = nearest(rules, name, 'window');
  const approval =
    settings.approval === undefined
      ? approvalRule?.approval && { value: approvalRule.approval, from: approvalRule.path }
      : { value: settings.approval };
  const window =
    settings.window === undefined
      ? windowRule?.window && { value: windowRule.window, from: windowRule.path }
      : { value: settings.window };
  return { ...(approval !== undefined && { approval }), ...(window !== undefined && { window }) };
};

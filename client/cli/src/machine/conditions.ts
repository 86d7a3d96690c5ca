// Under which conditions of approval and time a machine is, and of which type: its own, else those of the nearest rule above it in the tree that
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
  readonly oneTimeCode?: Placed<machines.CodeRule>;
  readonly type?: Placed<string>;
}

/** What goes for a machine. */
export const conditionsOf = (
  { name, settings }: Pick<machines.MachineView, 'name' | 'settings'>,
  rules: readonly machines.MachineRule[],
): Conditions => {
  const nearestFirst = rules
    .filter((rule) => rule.path === '' || name.startsWith(`${rule.path}/`))
    .toSorted((one, other) => other.path.length - one.path.length);
  const place = <T>(says: (from: Partial<machines.MachineSettings>) => T | undefined): Placed<T> | undefined => {
    const own = says(settings);
    if (own !== undefined) return { value: own };
    const rule = nearestFirst.find((one) => says(one) !== undefined);
    const value = rule && says(rule);
    return rule === undefined || value === undefined ? undefined : { value, from: rule.path };
  };
  const approval = place((from) => from.approval);
  const window = place((from) => from.window);
  const oneTimeCode = place((from) => from.oneTimeCode);
  const type = place((from) => from.type);
  return {
    ...(approval !== undefined && { approval }),
    ...(window !== undefined && { window }),
    ...(oneTimeCode !== undefined && { oneTimeCode }),
    ...(type !== undefined && { type }),
  };
};

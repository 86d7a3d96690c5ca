// Which machines are shown, and in which order.

import type { machines } from '@chatelaine/contract';
import { isInState, stateOf } from '../machine/machine-state.ts';
import { type MachineState, machineStates } from '../machine/machine-states.ts';

export const sortKeys = ['name', 'state', 'time left', 'alive'] as const;
type SortKey = (typeof sortKeys)[number];

export interface Ordering {
  readonly sortBy: SortKey;
  readonly isReversed: boolean;
  /** Only machines whose name, host or key id holds this, whatever its case. */
  readonly filter: string;
  readonly state: MachineState | undefined;
}

/** What is small comes first: the pressing state, the little time, the long silence. */
const rankOf = (machine: machines.MachineView, sortBy: SortKey): number => {
  if (sortBy === 'state') return machineStates.indexOf(stateOf(machine));
  if (sortBy === 'time left') {
    const runs = machine.state === 'enabled' ? machine.expiresAtUnixMs : undefined;
    return runs ?? Number.MAX_SAFE_INTEGER;
  }
  return sortBy === 'alive' ? (machine.lastCheckedOkAtUnixMs ?? 0) : 0;
};

const isWanted = (machine: machines.MachineView, needle: string, state: MachineState | undefined): boolean => {
  if (state !== undefined && !isInState(machine, state)) return false;
  if (needle === '') return true;
  return [machine.name, machine.settings.host, machine.keyId ?? ''].some((text) => text.toLowerCase().includes(needle));
};

/** The names in order; those of the same rank by name. */
export const orderMachines = (all: Iterable<machines.MachineView>, ordering: Ordering): readonly string[] => {
  const { sortBy, isReversed, state } = ordering;
  const needle = ordering.filter.toLowerCase();
  const ranked: { readonly name: string; readonly rank: number }[] = [];
  for (const machine of all) {
    if (isWanted(machine, needle, state)) ranked.push({ name: machine.name, rank: rankOf(machine, sortBy) });
  }
  ranked.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  if (isReversed) ranked.reverse();
  return ranked.map(({ name }) => name);
};

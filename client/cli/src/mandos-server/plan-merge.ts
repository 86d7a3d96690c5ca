// What a start makes of clients.conf and of what is kept, as mandos(8) has it under "PERSISTENT STATE": a value that was changed
// in the file wins, else the one that was changed while the server ran; a machine that is gone from the file is dropped; one that
// was removed stays removed; one that is disabled, or whose time ran out, stays so unless its "enabled" in the file was changed.
// Without `before`, the file alone counts. Planning the same again after a part was carried out leads to the same end.

import type { machines } from '@chatelaine/contract';
import type { MandosState } from '../mandos-state/read-state.ts';
import { restoreMachine } from '../mandos-state/restore-state.ts';
import type { Stanzas } from './client-stanzas.ts';
import { type Configured, type ConfiguredMachine, configuredMachine } from './configured.ts';

type Machine = machines.NewMachine;

/** Names of what can be changed, as {@link ConfiguredMachine} has them. */
export type ChangedNames = ReadonlySet<keyof ConfiguredMachine>;

/** A machine of which the file has other values than at the last start. */
export interface Change {
  /** As the file has it. */
  readonly machine: Machine;
  readonly changed: ChangedNames;
}

export interface MergePlan {
  readonly remove: readonly string[];
  /** Whose stanza is wrong now. */
  readonly disable: readonly string[];
  readonly enroll: readonly Machine[];
  readonly change: readonly Change[];
  /** Machines of the file that were removed while the server ran. */
  readonly stayAway: readonly string[];
  /** What to compare the next start with. */
  readonly configured: Configured;
}

export interface MergeInput {
  readonly stanzas: Pick<Stanzas, 'machines' | 'wrong'>;
  /** What the file said at the last start; absent: the file alone counts. */
  readonly before: Configured | undefined;
  readonly kept: ReadonlyMap<string, machines.MachineView>;
  /** What a Mandos server left that ran since then. */
  readonly saved?: MandosState | undefined;
  readonly nowUnixMs: number;
}

const changedNames = (now: ConfiguredMachine, before: ConfiguredMachine): ChangedNames =>
  new Set((Object.keys(now) as (keyof ConfiguredMachine)[]).filter((name) => now[name] !== before[name]));

/** Never enables what is there and gets nothing. */
const notAgain = (machine: Machine, kept: machines.MachineView | undefined): Machine => ({
  ...machine,
  enabled: machine.enabled && (kept === undefined || kept.state === 'enabled'),
});

/** The file alone. */
const planAnew = ({ stanzas, kept }: MergeInput): MergePlan => {
  const names = new Set(stanzas.machines.map(({ name }) => name));
  return {
    remove: [...kept.keys()].filter((name) => !names.has(name)),
    disable: [],
    enroll: stanzas.machines,
    change: [],
    stayAway: [],
    configured: new Map(stanzas.machines.map((machine) => [machine.name, configuredMachine(machine)])),
  };
};

/** Plans it. */
export const planMerge = async (input: MergeInput): Promise<MergePlan> => {
  const { stanzas, before, kept, saved, nowUnixMs } = input;
  if (before === undefined) return planAnew(input);
  const configured = new Map<string, ConfiguredMachine>();
  const [remove, disable, stayAway]: [string[], string[], string[]] = [[], [], []];
  const enroll: Machine[] = [];
  const change: Change[] = [];
  for (const machine of stanzas.machines) {
    const { name } = machine;
    const now = configuredMachine(machine);
    const [earlier, here] = [before.get(name), kept.get(name)];
    configured.set(name, now);
    if (earlier !== undefined && here === undefined) {
      stayAway.push(name);
    } else if (saved !== undefined) {
      const restored = await restoreMachine(machine, saved, nowUnixMs);
      if (restored !== undefined) enroll.push(notAgain(restored.machine, here));
      else if (here === undefined) stayAway.push(name);
      else remove.push(name);
    } else if (earlier === undefined) {
      enroll.push(notAgain(machine, here));
    } else {
      const changed = changedNames(now, earlier);
      if (changed.size > 0) change.push({ machine, changed });
    }
  }
  for (const name of stanzas.wrong) {
    const [earlier, here] = [before.get(name), kept.get(name)];
    const isServed = here?.state === 'enabled';
    if (isServed) disable.push(name);
    // Counts as "enabled = no": when it is mended, that has changed. What was cut off before stays so.
    if (earlier !== undefined) configured.set(name, isServed ? { ...earlier, enabled: false } : earlier);
  }
  for (const name of before.keys()) {
    if (!configured.has(name) && kept.has(name)) remove.push(name);
  }
  return { remove, disable, enroll, change, stayAway, configured };
};

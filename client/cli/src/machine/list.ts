// `chatelaine machine list`: every machine, by name. JSON is printed as it comes, in no order, so that any number will do.

import type { machines } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { Colour } from '../terminal/colour.ts';
import { JsonArrayPrinter, print, say } from '../terminal/output.ts';
import { Progress } from '../terminal/progress.ts';
import { type Column, formatTable, terminalWidth } from '../terminal/table.ts';
import { eachPage } from './each-page.ts';
import { colourOfState, formatAgo, formatTimeLeft, isInState, stateOf } from './machine-state.ts';
import type { MachineState } from './machine-states.ts';

const columns: readonly Column[] = [
  { title: 'NAME', isFlexible: true },
  { title: 'STATE', colour: (cell): Colour | undefined => colourOfState(cell as MachineState) },
  { title: 'LEFT' },
  { title: 'ALIVE' },
  { title: 'WAITING' },
  { title: 'HOST', isFlexible: true },
  { title: 'KEY ID', isFlexible: true },
];

const rowOf = (machine: machines.MachineView, nowUnixMs: number): readonly string[] => [
  machine.name,
  stateOf(machine),
  formatTimeLeft(machine, nowUnixMs),
  formatAgo(machine.lastCheckedOkAtUnixMs, nowUnixMs),
  machine.pendingRequests === 0 ? '-' : String(machine.pendingRequests),
  machine.settings.host,
  machine.keyId ?? '-',
];

export interface ListOptions extends GlobalOptions {
  readonly state?: MachineState;
  readonly json?: boolean;
}

export const listMachines = (options: ListOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const { state } = options;
    const array = new JsonArrayPrinter();
    const progress = new Progress();
    const rows: (readonly string[])[] = [];
    const nowUnixMs = Date.now();
    for await (const page of eachPage(client)) {
      const wanted = state === undefined ? page : page.filter((machine) => isInState(machine, state));
      if (options.json === true) await array.add(wanted);
      else rows.push(...wanted.map((machine) => rowOf(machine, nowUnixMs)));
      progress.show(() => `${rows.length} machines`);
    }
    progress.end();
    if (options.json === true) return await array.end();
    if (rows.length === 0) return say(state === undefined ? 'No machines are enrolled.' : `No machine is ${state}.`);
    rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
    await print(formatTable(columns, rows, terminalWidth()));
  });

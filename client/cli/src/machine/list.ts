// `chatelaine machine list`: every machine, by name. JSON is printed as it comes, in no order, so that any number will do.

import { machines } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { JsonArrayPrinter, print, say } from '../terminal/output.ts';
import { Progress } from '../terminal/progress.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const PAGE = 500;

const columns = [
  { title: 'NAME', isFlexible: true },
  { title: 'STATE' },
  { title: 'HOST', isFlexible: true },
  { title: 'KEY ID', isFlexible: true },
];

const rowOf = (machine: machines.MachineView): readonly string[] => [
  machine.name,
  machine.keyId === undefined ? 'legacy' : machine.enabled ? 'enabled' : 'disabled',
  machine.settings.host,
  machine.keyId ?? '-',
];

export const listMachines = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const array = new JsonArrayPrinter();
    const progress = new Progress();
    const rows: (readonly string[])[] = [];
    let cursor: string | undefined;
    do {
      const input = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
      const page = answerOf(await client.call(machines.list, input));
      if (options.json === true) await array.add(page.machines);
      else rows.push(...page.machines.map(rowOf));
      progress.show(() => `${rows.length} machines`);
      cursor = page.cursor;
    } while (cursor !== undefined);
    progress.end();
    if (options.json === true) return await array.end();
    if (rows.length === 0) return say('No machines are enrolled.');
    rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
    await print(formatTable(columns, rows, terminalWidth()));
  });

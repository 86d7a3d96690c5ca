// `chatelaine policy list`

import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';
import { readAllGrants } from './all-grants.ts';

export interface ListOptions extends GlobalOptions {
  readonly json?: boolean;
}

export const listGrants = (who: string | undefined, options: ListOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const grants = await readAllGrants(client, who);
    if (options.json === true) return await printJson(grants);
    if (grants.length === 0) return say('There are no grants.');
    const rows = grants.map(({ principal, capability, path, expiresAtUnixMs, isFixed }) => [
      principal,
      capability,
      path,
      isFixed ? 'fixed' : expiresAtUnixMs === undefined ? 'never' : formatMoment(expiresAtUnixMs),
    ]);
    const columns = [
      { title: 'WHO', isFlexible: true },
      { title: 'MAY' },
      { title: 'ON', isFlexible: true },
      { title: 'ENDS' },
    ];
    await print(formatTable(columns, rows, terminalWidth()));
  });

// `chatelaine token list`

import { type Client, tokens } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const PAGE = 500;

const readAllTokens = async (client: Client): Promise<tokens.TokenView[]> => {
  const all: tokens.TokenView[] = [];
  let cursor: string | undefined;
  do {
    const page = answerOf(await client.call(tokens.list, { limit: PAGE, ...(cursor !== undefined && { cursor }) }));
    all.push(...page.tokens);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
};

export const listTokens = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const all = await readAllTokens(client);
    if (options.json === true) return await printJson(all);
    if (all.length === 0) return say('There are no tokens.');
    const rows = all.map(({ name, state, groups, createdAtUnixMs, expiresAtUnixMs }) => [
      name,
      state,
      groups.length === 0 ? '-' : groups.join(', '),
      formatMoment(createdAtUnixMs),
      expiresAtUnixMs === undefined ? 'never' : formatMoment(expiresAtUnixMs),
    ]);
    const columns = [
      { title: 'NAME', isFlexible: true },
      { title: 'STATE' },
      { title: 'GROUPS', isFlexible: true },
      { title: 'CREATED' },
      { title: 'EXPIRES' },
    ];
    await print(formatTable(columns, rows, terminalWidth()));
  });

// `chatelaine sessions list | revoke`: who is logged in, on the server.

import { type Client, sessions } from '@chatelaine/contract';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const PAGE = 500;

const readAll = async (client: Client): Promise<sessions.SessionView[]> => {
  const all: sessions.SessionView[] = [];
  let cursor: string | undefined;
  do {
    const page = answerOf(await client.call(sessions.list, { limit: PAGE, ...(cursor !== undefined && { cursor }) }));
    all.push(...page.sessions);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all.sort((one, other) => one.createdAtUnixMs - other.createdAtUnixMs);
};

export const listSessions = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const all = await readAll(client);
    if (options.json === true) return await printJson(all);
    if (all.length === 0) return say('Nobody is logged in.');
    const rows = all.map(({ session, user, by, code, createdAtUnixMs, expiresAtUnixMs }) => [
      ...[session, user, code === undefined ? by : `${by}, ${code}`],
      ...[formatMoment(createdAtUnixMs), formatMoment(expiresAtUnixMs)],
    ]);
    const columns = [
      { title: 'SESSION' },
      { title: 'USER', isFlexible: true },
      { title: 'BY' },
      { title: 'SINCE' },
      { title: 'UNTIL' },
    ];
    await print(formatTable(columns, rows, terminalWidth()));
  });

export const revokeSession = (session: string, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    answerOf(await client.call(sessions.revoke, { session }), session);
    say(`Session ${session} is over.`);
  });

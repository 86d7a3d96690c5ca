// `chatelaine otp client add | list | remove | enable | disable`: who may ask in Yubico's validation protocol.

import { randomUUID } from 'node:crypto';
import { type Client, yubiotp } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { formatTable, terminalWidth } from '../terminal/table.ts';

const PAGE = 500;

export interface AddClientOptions extends GlobalOptions {
  readonly email: string;
  readonly notes: string;
  readonly json?: boolean;
}

const idOf = (text: string): number => {
  if (!/^[1-9][0-9]{0,9}$/.test(text))
    throw new Failure('usage', 'The id of a client is a number of up to ten digits.');
  return Number(text);
};

export const addClient = ({ email, notes, ...options }: AddClientOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const added = await client.call(yubiotp.addClient, { email, notes }, { requestId: randomUUID() });
    const { id, secret } = answerOf(added);
    try {
      // Both forms are text for the client's own settings.
      const key = Buffer.from(secret).toString('base64');
      if (options.json === true) return await printJson({ id, key });
      await print(`${id},${key}\n`);
      say('Id and key of the client; the key is not shown again.');
    } finally {
      secret.fill(0);
    }
  });

const readAllClients = async (client: Client): Promise<yubiotp.ClientView[]> => {
  const all: yubiotp.ClientView[] = [];
  let cursor: string | undefined;
  do {
    const input = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const page = answerOf(await client.call(yubiotp.listClients, input));
    all.push(...page.clients);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all.sort((one, other) => one.id - other.id);
};

export const listClients = (options: GlobalOptions & { readonly json?: boolean }): Promise<void> =>
  askKeep(options, async (client) => {
    const all = await readAllClients(client);
    if (options.json === true) return await printJson(all);
    if (all.length === 0) return say('There are no clients.');
    const rows = all.map(({ id, active, email, notes, createdAtUnixMs }) => [
      ...[String(id), active ? 'enabled' : 'disabled', email === '' ? '-' : email, notes === '' ? '-' : notes],
      formatMoment(createdAtUnixMs),
    ]);
    const columns = [
      ...[{ title: 'ID' }, { title: 'STATE' }, { title: 'EMAIL', isFlexible: true }],
      ...[{ title: 'NOTES', isFlexible: true }, { title: 'CREATED' }],
    ];
    await print(formatTable(columns, rows, terminalWidth()));
  });

export const removeClient = async (
  text: string,
  options: GlobalOptions & { readonly yes?: boolean },
): Promise<void> => {
  const id = idOf(text);
  await confirm(`Remove client ${id}?`, options.yes === true);
  await askKeep(options, async (client) => {
    answerOf(await client.call(yubiotp.removeClient, { id }, { requestId: randomUUID() }), text);
    say('It is removed, and its key is destroyed.');
  });
};

export const setClient = (text: string, isEnabled: boolean, options: GlobalOptions): Promise<void> =>
  askKeep(options, async (client) => {
    const operation = isEnabled ? yubiotp.enableClient : yubiotp.disableClient;
    const { changed } = answerOf(await client.call(operation, { id: idOf(text) }, { requestId: randomUUID() }), text);
    say(`The client ${changed ? 'is' : 'was'} ${isEnabled ? 'enabled' : 'disabled'}${changed ? '' : ' before'}.`);
  });

// Every machine of the keep, a page at a time.

import { type Client, machines } from '@chatelaine/contract';
import { answerOf } from '../refused-answer.ts';

const PAGE = 500;

/** Asks for page after page; a refusal ends the command. */
export async function* eachPage(client: Client): AsyncGenerator<readonly machines.MachineView[]> {
  let cursor: string | undefined;
  do {
    const page = answerOf(await client.call(machines.list, { limit: PAGE, ...(cursor !== undefined && { cursor }) }));
    yield page.machines;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** All of them, by name. */
export const readAllMachines = async (client: Client): Promise<machines.MachineView[]> => {
  const all: machines.MachineView[] = [];
  for await (const page of eachPage(client)) all.push(...page);
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
};

// Keys of the keep, a page at a time.

import { type Client, passwords } from '@chatelaine/contract';
import { answerOf } from '../refused-answer.ts';

const PAGE = 500;

/** Asks for page after page; a refusal ends the command. */
export async function* eachKeyPage(client: Client, glob: string): AsyncGenerator<readonly passwords.PasswordKeyView[]> {
  let cursor: string | undefined;
  do {
    const input = { glob, limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const page = answerOf(await client.call(passwords.list, input));
    yield page.keys;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Their names, in order. */
export const readKeys = async (client: Client, glob: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const page of eachKeyPage(client, glob)) keys.push(...page.map(({ key }) => key));
  return keys.sort();
};

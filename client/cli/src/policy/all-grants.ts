// Every grant of the keep, in the order of their principals.

import { type Client, policy } from '@chatelaine/contract';
import { answerOf } from '../refused-answer.ts';

const PAGE = 100;

/** What tells a grant from others, as one text to sort and compare by. */
export const keyOf = ({ principal, capability, path }: policy.GrantKey): string =>
  `${principal}\0${capability}\0${path}`;

/** All grants, or those of one principal or group; a refusal ends the command. */
export const readAllGrants = async (client: Client, principal?: string): Promise<policy.GrantView[]> => {
  const all: policy.GrantView[] = [];
  let cursor: string | undefined;
  do {
    const page = answerOf(
      await client.call(policy.list, {
        limit: PAGE,
        ...(principal !== undefined && { principal }),
        ...(cursor !== undefined && { cursor }),
      }),
    );
    all.push(...page.grants);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
};

// Which waiting request a person means: by the machine's name, or by the beginning of the request's number.

import type { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';

const SHORTEST_PREFIX = 4;
const SHOWN_PREFIX = 8;

/** As few digits as tell the requests apart, at least eight. */
export const shortIds = (requests: readonly machines.PendingRequest[]): ReadonlyMap<string, string> => {
  const ids = requests.map(({ requestId }) => requestId);
  let length = SHOWN_PREFIX;
  while (length < 32 && new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++;
  return new Map(ids.map((id) => [id, id.slice(0, length)]));
};

/**
 * The request that is meant, `undefined` if none fits. Several that fit end the command: nobody decides about one by
 * accident.
 *
 * @param wanted a machine's name, or the first four or more digits of a request
 */
export const findRequest = (
  requests: readonly machines.PendingRequest[],
  wanted: string,
): machines.PendingRequest | undefined => {
  const named = requests.filter(({ name }) => name === wanted);
  const isPrefix = new RegExp(`^[0-9a-f]{${SHORTEST_PREFIX},32}$`).test(wanted);
  const fitting = named.length > 0 || !isPrefix ? named : requests.filter((r) => r.requestId.startsWith(wanted));
  if (fitting.length <= 1) return fitting[0];
  const ids = shortIds(requests);
  const listed = fitting.map((r) => `${ids.get(r.requestId)} (${r.name} from ${r.address})`).join(', ');
  throw new Failure('usage', `${wanted} may be ${fitting.length} requests: ${listed}.`, 'Name one of them.');
};

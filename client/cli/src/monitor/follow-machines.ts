// Keeps what the monitor knows up to date: listens first, then lists, so that nothing is missed; and begins anew when it was
// cut off or could not keep up.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, explainRefusal, machines } from '@chatelaine/contract';
import { StreamEndedError } from '@chatelaine/link';

/** What is told to whoever follows. */
export interface Follower {
  readonly listing: () => void;
  readonly page: (page: readonly machines.MachineView[]) => void;
  readonly listed: () => void;
  readonly event: (event: machines.MachineEvent) => void;
  /** The keep is not there, and why; it is tried again. */
  readonly lost: (reason: string) => void;
}

const PAGE = 500;
const RETRY_MS = 1_000;

/** Lists everything; `undefined` if it went well. */
const list = async (client: Client, follower: Follower, signal: AbortSignal): Promise<string | undefined> => {
  follower.listing();
  let cursor: string | undefined;
  do {
    const input = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const page = await client.call(machines.list, input, { signal });
    if (page.kind === 'refused') return explainRefusal(page).text;
    follower.page(page.value.machines);
    cursor = page.value.cursor;
  } while (cursor !== undefined);
  follower.listed();
  return undefined;
};

/** Listens and lists until it is cut off; gives the reason. */
const followOnce = async (client: Client, follower: Follower, signal: AbortSignal): Promise<string> => {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const events = await client.stream(machines.events, {}, { signal: both });
  if ('kind' in events) return explainRefusal(events).text;
  let failure: string | undefined;
  let listing = new AbortController();
  const listAnew = async (): Promise<void> => {
    listing.abort();
    const mine = new AbortController();
    listing = mine;
    const reason = await list(client, follower, AbortSignal.any([both, mine.signal]));
    if (reason === undefined || mine.signal.aborted) return;
    failure = reason;
    stop.abort();
  };
  try {
    for await (const event of events) {
      // Not waited for: what is told while it lists is newer than the list, and must not pile up.
      if (event.kind === 'listening' || event.kind === 'overrun') void listAnew();
      else follower.event(event);
    }
  } catch (error) {
    if (!(error instanceof StreamEndedError)) throw error;
    failure ??= explainRefusal({ kind: 'refused', code: error.code }).text;
  }
  listing.abort();
  return failure ?? 'The keep ended.';
};

/** Follows until the signal. */
export const followMachines = async (client: Client, follower: Follower, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const reason = await followOnce(client, follower, signal);
    if (signal.aborted) return;
    follower.lost(reason);
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
};

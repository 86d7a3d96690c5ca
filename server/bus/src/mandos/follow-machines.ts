// Follows what the keep knows of its machines: the stream of events first, then the whole list, then event after event, so that
// nothing between the two is missed. A stream that was cut off is begun anew, for ever.

import { type Client, machines, type RefusalCode } from '@chatelaine/contract';
import { pause } from '@chatelaine/process';

const PAGE = 500;

export interface FollowOptions {
  readonly client: Client;
  /** From the end of a stream to the next attempt. The link itself waits longer if the keep is not there. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
  /** The whole list, at the beginning and whenever something may have been missed. */
  readonly listed: (views: readonly machines.MachineView[]) => Promise<void>;
  readonly happened: (event: machines.MachineEvent) => Promise<void>;
  /** The keep does not answer, also not at a second attempt, or it is sealed. Called once until it is listed again. */
  readonly lost: (code: RefusalCode) => Promise<void>;
}

/** Every page; a code if the keep refuses one. */
const listAll = async (client: Client, signal: AbortSignal): Promise<readonly machines.MachineView[] | RefusalCode> => {
  const views: machines.MachineView[] = [];
  let cursor: string | undefined;
  do {
    const input = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const page = await client.call(machines.list, input, { signal });
    if (page.kind === 'refused') return page.code;
    views.push(...page.value.machines);
    cursor = page.value.cursor;
  } while (cursor !== undefined);
  return views;
};

/** Follows one stream to its end; `wasListed` says whether it came as far as a list. */
const followOnce = async ({ client, signal, listed, happened }: FollowOptions) => {
  let wasListed = false;
  // Only the link's own failures are passed over: those of the handlers are the caller's.
  const next = async (iterator: AsyncIterator<machines.MachineEvent>): Promise<machines.MachineEvent | undefined> => {
    const result = await iterator.next().catch(() => undefined);
    return result === undefined || result.done === true ? undefined : result.value;
  };
  const events = await client.stream(machines.events, {}, { signal });
  if (!(Symbol.asyncIterator in events)) return { wasListed, code: events.code };
  const iterator = events[Symbol.asyncIterator]();
  try {
    for (let event = await next(iterator); event !== undefined; event = await next(iterator)) {
      if (event.kind === 'listening' || event.kind === 'overrun') {
        const views = await listAll(client, signal);
        if (typeof views === 'string') return { wasListed, code: views };
        await listed(views);
        wasListed = true;
      } else {
        await happened(event);
      }
    }
    return { wasListed, code: 'unavailable' as const };
  } finally {
    await iterator.return?.().catch(() => undefined);
  }
};

/** Follows until the signal. Throws what a handler throws. */
export const followMachines = async (options: FollowOptions): Promise<void> => {
  const { signal, pauseMs, lost } = options;
  let isLost = false;
  while (!signal.aborted) {
    const { wasListed, code } = await followOnce(options);
    if (signal.aborted) return;
    if (wasListed) isLost = false;
    // A stream that had come so far may have met a restart: one more attempt before it is called lost.
    if (!isLost && (!wasListed || code === 'sealed')) {
      await lost(code);
      isLost = true;
    }
    await pause(pauseMs, signal);
  }
};

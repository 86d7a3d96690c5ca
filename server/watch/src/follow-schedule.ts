// Follows what the keep wants to be looked at, for ever: when the stream ends it is asked for again, and everything is told
// anew. Invariant: after `complete` exactly those machines are looked at that the keep named since the stream began.

import { type Client, machines, type OutputOf, type RefusalCode } from '@chatelaine/contract';
import { pause } from '@chatelaine/process';
import type { MachineChecks } from './machine-checks.ts';

type Item = OutputOf<typeof machines.schedule>;

/** How it stands with the keep. */
export type KeepState =
  | { readonly kind: 'there' }
  /** Everything was told; so many machines. */
  | { readonly kind: 'complete'; readonly machines: number }
  | { readonly kind: 'gone'; readonly code: RefusalCode };

export interface FollowScheduleOptions {
  readonly client: Client;
  readonly checks: MachineChecks;
  /** From the end of one stream to the next attempt. The link itself waits longer if the keep is not there. */
  readonly pauseMs: number;
  /** Called at every change. */
  readonly onState: (state: KeepState) => void;
  /** Called after every item: something may be due sooner. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

/** One stream, from its first item on. */
class Round {
  readonly #checks: MachineChecks;
  #named: Set<string> | undefined = new Set();

  constructor(checks: MachineChecks) {
    this.#checks = checks;
  }

  /** Returns whether everything is told now. */
  take(item: Item): boolean {
    switch (item.kind) {
      case 'machines':
        for (const machine of item.machines) {
          this.#checks.set(machine, this.#named !== undefined);
          this.#named?.add(machine.name);
        }
        return false;
      case 'gone':
        this.#named?.delete(item.name);
        this.#checks.delete(item.name);
        return false;
      case 'start':
        this.#checks.start(item.name);
        return false;
      case 'stop':
        this.#checks.stop(item.name);
        return false;
      case 'complete':
        for (const name of [...this.#checks.names]) if (this.#named?.has(name) === false) this.#checks.delete(name);
        this.#named = undefined;
        return true;
    }
  }
}

/** Follows one stream to its end; gives the code that says why it ended. */
const followOnce = async (options: FollowScheduleOptions): Promise<RefusalCode> => {
  const { client, checks, signal, onState, onChange } = options;
  try {
    const items = await client.stream(machines.schedule, {}, { signal });
    if (!(Symbol.asyncIterator in items)) return items.code;
    onState({ kind: 'there' });
    const round = new Round(checks);
    for await (const item of items) {
      if (round.take(item)) onState({ kind: 'complete', machines: checks.size });
      onChange();
    }
    return 'unavailable';
  } catch {
    // A stream that is cut off throws; it is the link that is gone, and asked for again.
    return 'unavailable';
  }
};

/** Returns when the signal aborts. Checks that run go on while the keep is away. */
export const followSchedule = async (options: FollowScheduleOptions): Promise<void> => {
  const { signal } = options;
  while (!signal.aborted) {
    const code = await followOnce(options);
    if (signal.aborted) return;
    options.onState({ kind: 'gone', code });
    await pause(options.pauseMs, signal);
  }
};

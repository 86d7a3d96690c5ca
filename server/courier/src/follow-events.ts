// Hears from the keep what happens. After a gap it asks which requests wait, since those are what a person has to know of; the
// rest of what was missed stands in the audit.

import { type Client, machines, passwords } from '@chatelaine/contract';
import { pause } from '@chatelaine/process';

export interface FollowOptions {
  readonly client: Client;
  readonly pauseMs: number;
  readonly signal: AbortSignal;
  readonly happened: (event: machines.MachineEvent) => Promise<void>;
  readonly listening: () => void;
}

/** How long nothing is asked of a keep that has no passwords. */
const NO_PASSWORDS_PAUSE_MS = 60_000;

/** Follows what changes among passwords, until the signal. What happens while nobody listens stands in the audit alone. */
export const followPasswords = async (
  { client, signal, pauseMs }: Pick<FollowOptions, 'client' | 'signal' | 'pauseMs'>,
  changed: (event: passwords.PasswordEvent) => Promise<void>,
): Promise<void> => {
  while (!signal.aborted) {
    const events = await client.stream(passwords.events, {}, { signal });
    const isUnknown = 'code' in events && events.code === 'unknown-operation';
    if (Symbol.asyncIterator in events) {
      const iterator = events[Symbol.asyncIterator]();
      for (;;) {
        // Only the link's own failures are passed over.
        const next = await iterator.next().catch(() => undefined);
        if (next === undefined || next.done === true) break;
        await changed(next.value);
      }
      await iterator.return?.().catch(() => undefined);
    }
    await pause(isUnknown ? NO_PASSWORDS_PAUSE_MS : pauseMs, signal);
  }
};

const tellWaiting = async ({ client, happened, signal }: FollowOptions): Promise<void> => {
  const pending = await client.call(machines.pending, {}, { signal });
  if (pending.kind === 'refused') return;
  for (const { requestId, name, address, askedAtUnixMs, untilUnixMs, releasedAtEnd } of pending.value.requests) {
    const delayMs = untilUnixMs - askedAtUnixMs;
    await happened({ kind: 'waiting', name, requestId, address, delayMs, releasedAtEnd });
  }
};

/** Follows until the signal. Throws what `happened` throws. */
export const followEvents = async (options: FollowOptions): Promise<void> => {
  const { client, signal, pauseMs, happened, listening } = options;
  while (!signal.aborted) {
    const events = await client.stream(machines.events, {}, { signal });
    if (Symbol.asyncIterator in events) {
      const iterator = events[Symbol.asyncIterator]();
      for (;;) {
        // Only the link's own failures are passed over.
        const next = await iterator.next().catch(() => undefined);
        if (next === undefined || next.done === true) break;
        const event: machines.MachineEvent = next.value;
        if (event.kind === 'listening') listening();
        if (event.kind === 'listening' || event.kind === 'overrun') await tellWaiting(options);
        else await happened(event);
      }
      await iterator.return?.().catch(() => undefined);
    }
    await pause(pauseMs, signal);
  }
};

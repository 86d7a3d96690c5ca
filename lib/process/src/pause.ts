// Waiting that ends early when the process is told to stop.

import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after so many milliseconds, or as soon as `signal` aborts. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
};

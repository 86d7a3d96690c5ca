// How long this machine has been asleep since it was started: its uptime, which goes on in a suspend, less the monotonic clock, which
// does not. If it grew, the machine has been suspended. clock_gettime(2), CLOCK_BOOTTIME and CLOCK_MONOTONIC

import { uptime } from 'node:os';

/** In milliseconds, exact to some tens of them. */
export const suspendedMs = (): number => Math.round(uptime() * 1_000 - Number(process.hrtime.bigint() / 1_000_000n));

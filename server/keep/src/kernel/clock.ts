// Time is passed in: the keep reads it only through a Clock, so that every test can replay. Within a run, time follows the
// boot-time clock: setting the wall clock of the machine, forward or back, moves nothing. What the wall clock said at the
// start is checked against the highest time on record, see ClockGuard.

import { uptime } from 'node:os';

export interface Clock {
  /** Wall time, milliseconds since 1970; never decreases within a run. */
  nowUnixMs(): number;
  /** Monotonic milliseconds of this run, for ages and deadlines; time asleep counts. */
  elapsedMs(): number;
  /** Moves on to what the machine's wall clock says now, if that is ahead. Only for a clock that is known to be behind. */
  catchUp(): void;
}

const SUSPEND_CHECK_MS = 1_000;

/**
 * The machine's clocks. `performance.now()` reads CLOCK_MONOTONIC, which stands still while the machine sleeps; the
 * difference to the uptime, CLOCK_BOOTTIME, is added. clock_gettime(2)
 */
export const systemClock = (): Clock => {
  const bootedMs = uptime() * 1_000 - performance.now();
  let asleepMs = 0;
  let checkedAtMs = performance.now();
  const elapsedMs = (): number => {
    const awakeMs = performance.now();
    if (awakeMs - checkedAtMs >= SUSPEND_CHECK_MS) {
      checkedAtMs = awakeMs;
      const sleptMs = uptime() * 1_000 - bootedMs - awakeMs;
      // The uptime is coarse; less than this is no sleep.
      if (sleptMs - asleepMs > SUSPEND_CHECK_MS) asleepMs = sleptMs;
    }
    return awakeMs + asleepMs;
  };
  let startedAtUnixMs = Date.now() - elapsedMs();
  return {
    elapsedMs,
    nowUnixMs: () => Math.floor(startedAtUnixMs + elapsedMs()),
    catchUp: () => {
      startedAtUnixMs = Math.max(startedAtUnixMs, Date.now() - elapsedMs());
    },
  };
};

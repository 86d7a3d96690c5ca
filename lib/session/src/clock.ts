// The two clocks that a session's age is read from. Either alone can be fooled: the wall clock by setting it, the boot clock by
// a virtual machine that is put back to an older moment.

import { uptime } from 'node:os';

/** What time it is. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly unixMs: () => number;
  /** Milliseconds since boot, suspended time included. */
  readonly bootMs: () => number;
}

/** A moment by both clocks. */
export interface Moment {
  readonly unixMs: number;
  readonly bootMs: number;
}

/** The real clocks. */
export const systemClock: Clock = { unixMs: Date.now, bootMs: () => Math.round(uptime() * 1_000) };

/** This moment. */
export const now = (clock: Clock): Moment => ({ unixMs: clock.unixMs(), bootMs: clock.bootMs() });

/** Milliseconds since `then`, by the clock that says more; never below 0. */
export const msSince = (then: Moment, clock: Clock): number =>
  Math.max(0, clock.unixMs() - then.unixMs, clock.bootMs() - then.bootMs);

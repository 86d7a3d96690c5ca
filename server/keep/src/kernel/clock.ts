// Time is passed in: the keep reads it only through a Clock, so that every test can replay. Within a run, wall time
// never goes backwards: it is the wall clock of the start plus the time elapsed since then, unless the wall clock has
// moved ahead of that.

export interface Clock {
  /** Wall time, milliseconds since 1970; never decreases within a run. */
  nowUnixMs(): number;
  /** Monotonic milliseconds of this run, for ages and deadlines. */
  elapsedMs(): number;
}

/** The machine's clocks. `performance.now()` reads CLOCK_MONOTONIC, see clock_gettime(2). */
export const systemClock = (): Clock => {
  const startedAtUnixMs = Date.now() - performance.now();
  let highest = 0;
  return {
    nowUnixMs: () => {
      highest = Math.max(highest, Date.now(), Math.floor(startedAtUnixMs + performance.now()));
      return highest;
    },
    elapsedMs: () => performance.now(),
  };
};

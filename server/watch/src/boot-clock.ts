// Milliseconds since the machine was started, the time it was suspended included: nobody can set it, and a check that began
// before a suspension is as old afterwards as it is. clock_gettime(2), CLOCK_BOOTTIME

import { createRequire } from 'node:module';

const CLOCK_BOOTTIME = 7;

/** Makes the clock. Throws where there is no glibc. */
export const openBootClock = (): (() => number) => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const read = koffi.load('libc.so.6').func('int clock_gettime(int, _Out_ int64_t *)');
  const moment = new BigInt64Array(2);
  return () => {
    if (read(CLOCK_BOOTTIME, moment) !== 0) throw new Error('the boot clock cannot be read');
    const [seconds = 0n, nanoseconds = 0n] = moment;
    return Number(seconds) * 1_000 + Number(nanoseconds) / 1e6;
  };
};

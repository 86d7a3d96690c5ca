// Whether a moment lies in the hours of a window, in the window's own time zone, daylight saving included.

import type { machines } from '@chatelaine/contract';

// Making one takes far longer than using it.
const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const options = { timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const made = new Intl.DateTimeFormat('en-GB', options);
  formats.set(zone, made);
  return made;
};

/** Whether the window is open at this moment. */
export const windowAt = (window: machines.TimeWindow, atUnixMs: number): boolean => {
  const parts = formatOf(window.zone).formatToParts(atUnixMs);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  const day = part('weekday').toLowerCase();
  const time = `${part('hour')}:${part('minute')}`;
  return window.hours.some(({ days, from, until }) => days.some((one) => one === day) && from <= time && time < until);
};

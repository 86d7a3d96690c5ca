// Hours in which secrets may leave.

import * as z from 'zod';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const timeOfDay = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$/, 'must be HH:MM, up to 24:00');

const isZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

/** Any of these hours; `from` inclusive, `until` exclusive, on the same day, in the named zone. */
export const timeWindowSchema = z.strictObject({
  zone: z.string().max(64).refine(isZone, 'must be an IANA time zone such as Europe/Zurich, or UTC'),
  hours: z
    .array(
      z
        .strictObject({ days: z.array(z.enum(weekdays)).min(1).max(7), from: timeOfDay, until: timeOfDay })
        .refine(({ from, until }) => from < until, 'until: must be later than from'),
    )
    .min(1)
    .max(16),
});

export type TimeWindow = z.infer<typeof timeWindowSchema>;

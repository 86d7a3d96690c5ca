// Types of options as YAML, JSON and command lines bring them: a number may arrive as text, a text as a number. What is
// clearly something else is refused, not guessed.

import { z } from 'zod';

/** A whole number from `min` to `max`; digits in a text count as one. */
export const wholeNumber = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
    z
      .number(`must be a whole number from ${min} to ${max}`)
      .int(`must be a whole number from ${min} to ${max}`)
      .min(min, `must be at least ${min}`)
      .max(max, `must be at most ${max}`),
  );

/** A text; a number counts as its digits. */
export const text = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string('must be a text'),
);

/** Yes or no, also as the words that YAML knows. */
export const flag = z.preprocess((value) => {
  if (typeof value !== 'string') return value;
  if (/^(?:true|yes|on|1)$/i.test(value)) return true;
  return /^(?:false|no|off|0|)$/i.test(value) ? false : value;
}, z.boolean('must be true or false'));

/** One text or a list of them. */
export const texts = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(text),
);

// What a schema's complaint means, in words that fit behind an option's name. Never repeats the value.

import type * as z from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a table',
  record: 'a table',
  array: 'a list in [ ]',
  date: 'a date',
};

const units: Readonly<Record<string, string>> = { string: ' characters', array: ' items', set: ' items' };

const listed = (values: readonly unknown[]): string =>
  values
    .map((value) => (typeof value === 'string' ? `"${value}"` : String(value)))
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');

/** Words for an issue that its schema has none of its own for. */
export const issueText = (issue: z.core.$ZodRawIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `is missing; must be ${kinds[issue.expected] ?? issue.expected}`;
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${listed(issue.values)}`;
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${units[issue.origin] ?? ''}`;
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${units[issue.origin] ?? ''}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `must be a valid ${issue.format}`;
    case 'invalid_union':
      return 'has none of the allowed forms';
    default:
      return 'is not valid';
  }
};

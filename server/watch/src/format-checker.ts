// Puts a machine's values into its checker: Python's `checker % values`, as Mandos does it, each value quoted for the shell.
// Invariant: what comes back is what Python would make, or an error; nothing is guessed. mandos-clients.conf(5), "RUNTIME
// EXPANSION"; Python, "printf-style String Formatting"
//
// Left out on purpose: a precision (it would cut through the quotes of a value), the conversions `r` and `a` (Python's own
// notation means nothing to a shell), and a conversion without a name.

import { shellQuote } from './shell-quote.ts';

/** The formatted text, or what is wrong with the format, in words without the checker's own text. */
export type Formatted =
  | { readonly kind: 'formatted'; readonly command: string }
  | { readonly kind: 'wrong'; readonly why: string };

const wrong = (why: string): Formatted => ({ kind: 'wrong', why });

/** The end of the name that begins at `start`, just after `(`; parentheses inside it are counted, as Python does. */
const endOfName = (format: string, start: number): number | undefined => {
  let depth = 1;
  for (let at = start; at < format.length; at++) {
    if (format[at] === '(') depth++;
    else if (format[at] === ')' && --depth === 0) return at;
  }
  return undefined;
};

/** What may stand between the name and the letter: flags, a width, a length that means nothing. */
const rest = /([#0\- +]*)(\d*)(\.?)([hlL]?)(.?)/suy;

const LONGEST_WIDTH = 10_000;

const padded = (text: string, flags: string, width: number): string => {
  const missing = ' '.repeat(Math.max(0, width - [...text].length));
  return flags.includes('-') ? text + missing : missing + text;
};

interface Conversion {
  readonly text: string;
  readonly end: number;
}

/** One conversion, from just after its `%`. */
const convert = (
  format: string,
  start: number,
  values: Readonly<Record<string, string>>,
): Conversion | { readonly why: string } => {
  if (format[start] === '%') return { text: '%', end: start + 1 };
  let at = start;
  let name: string | undefined;
  if (format[at] === '(') {
    const end = endOfName(format, at + 1);
    if (end === undefined) return { why: 'a name is not closed by ")"' };
    name = format.slice(at + 1, end);
    at = end + 1;
  }
  rest.lastIndex = at;
  const [whole = '', flags = '', width = '', precision = '', , letter = ''] = rest.exec(format) ?? [];
  const end = at + whole.length;
  if (precision !== '') return { why: 'a precision would cut through the quotes of a value' };
  if (letter === '') return { why: 'it ends in the middle of "%"' };
  if (letter !== 's' && letter !== 'c') return { why: 'only "s" can follow a name; a single "%" is written "%%"' };
  if (name === undefined) return { why: 'a "%" has no name: write "%(name)s", or "%%" for a single one' };
  if (!Object.hasOwn(values, name)) return { why: 'it asks for a value that no machine has' };
  if (Number(width) > LONGEST_WIDTH) return { why: 'a width is too large' };
  const value = shellQuote(values[name] ?? '');
  if (letter === 'c' && [...value].length !== 1) return { why: '"c" takes a single character' };
  return { text: padded(value, flags, Number(width)), end };
};

/** Formats a checker with values that are text, not yet quoted. */
export const formatChecker = (checker: string, values: Readonly<Record<string, string>>): Formatted => {
  let command = '';
  let from = 0;
  for (let at = checker.indexOf('%'); at !== -1; at = checker.indexOf('%', from)) {
    const converted = convert(checker, at + 1, values);
    if ('why' in converted) return wrong(converted.why);
    command += checker.slice(from, at) + converted.text;
    from = converted.end;
  }
  command += checker.slice(from);
  if (command.includes('\0')) return wrong('a value contains a NUL character');
  if (!command.isWellFormed()) return wrong('it is no Unicode text');
  return { kind: 'formatted', command };
};

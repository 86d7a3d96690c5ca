// Finds one entry in Trocla's YAML file without parsing the others. Invariant: an answer is exact. It is given only if every line
// of the file was proved to stand in one of the few forms that Ruby's writer uses, or to belong to an entry that a YAML parser
// found complete in itself; so no line that looks like a key can be part of a text, and no key can hide. Else the answer is
// `unproven`, and the file has to be parsed as a whole.
//
// Every form below ends with its line: quotes are closed, nothing flows on. A line that is indented by four or more and without
// quotes or brackets is the inside of a literal block, a folded text or a nested hash, and opens nothing. Bytes are read as Latin-1;
// those that could be a line separator of Unicode (U+0085, U+2028, U+2029) are left out of every form.

import { PasswordStoreError } from '../password-store.ts';
import { parseEntries } from './parse-yaml.ts';

/** Where an entry lies, from its key to before the next one. */
export interface EntryPlace {
  readonly start: number;
  readonly end: number;
}

/** What is known about a key. */
export type EntryAnswer =
  | { readonly kind: 'found'; readonly place: EntryPlace }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unproven' };

const high = '\\x80-\\x84\\x86-\\xa7\\xaa-\\xff';
const plainScalar = `[A-Za-z0-9_](?:[!-~${high}]*[!-9;-~${high}])?`;
const doubleQuoted = `"(?:[ !#-\\[\\]-~${high}]|\\\\[ -~])*"`;
const singleQuoted = `'(?:[ -&(-~${high}]|'')*'`;
const scalarLine = `[A-Za-z0-9_]+: (?:${plainScalar}|${doubleQuoted}|(?:!binary )?\\|[-+]?|${singleQuoted})`;
const plainKey = `[A-Za-z0-9_](?:[!-9;-~]|:(?! )| (?![ #:]))*`;
const keyLine = `(?:${plainKey}|"[ !#-\\[\\]-~]*"|'[ -&(-~]*'):`;
const innerLine = `    [ !#-&(-Z\\\\^-z|~]*`;

/** Finds the first line break behind which no known form stands. */
const unusualLine = new RegExp(
  `\\n(?!(?:(?:  |- )${scalarLine}|${keyLine}|${innerLine}|- !ruby/object:Rational|)(?:\\n|$)|$)`,
  'g',
);

/** The break before the next entry. */
const nextEntry = /\n(?![ \n]|[-:](?:[ \n]|$)|#|$)/g;

const searchFrom = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
};

/** The end of the entry that begins at or before `from`, just behind a line break. */
const endOfEntry = (text: string, from: number): number => {
  const found = searchFrom(nextEntry, text, from);
  return found === -1 ? text.length : found + 1;
};

/** The beginning of the entry in which the line at `line` stands; everything before that line is proved. */
const startOfEntry = (text: string, line: number): number => {
  let start = line;
  while (start > 4 && /[ \n:-]/.test(text[start] ?? '')) start = text.lastIndexOf('\n', start - 2) + 1;
  return start;
};

/** A quote may hide the end of an entry this many times. */
const MAX_EXTENSIONS = 8;

const header = '---\n';

/** One entry of its own, proved by a parser. */
interface OddEntry extends EntryPlace {
  readonly key: string;
}

const proveByParser = (text: string, line: number): OddEntry | undefined => {
  const start = startOfEntry(text, line);
  let end = line;
  for (let extension = 0; extension < MAX_EXTENSIONS; extension++) {
    end = endOfEntry(text, end);
    const key = onlyKey(Buffer.from(text.slice(start, end), 'latin1').toString());
    if (key !== undefined) return { key, start, end };
    if (end === text.length) return undefined;
  }
  return undefined;
};

/** The key, if the text is exactly one entry. */
const onlyKey = (text: string): string | undefined => {
  try {
    const entries = [...parseEntries(text).keys()];
    return entries.length === 1 ? entries[0] : undefined;
  } catch (error) {
    if (error instanceof PasswordStoreError) return undefined;
    throw error;
  }
};

const isPlainKey = new RegExp(`^${plainKey}$`);

/** The lines that name this key and need no parser. */
const spellings = (key: string): readonly string[] => [
  ...(isPlainKey.test(key) ? [`\n${key}:\n`] : []),
  ...(/^[ !#-[\]-~]*$/.test(key) ? [`\n"${key}":\n`] : []),
  ...(/^[ -&(-~]*$/.test(key) ? [`\n'${key}':\n`] : []),
];

/**
 * Looks for `key` in the file, given as Latin-1 with one character for each byte.
 * @returns its place; that it is absent; or that this file takes a parser.
 */
export const findEntry = (text: string, key: string): EntryAnswer => {
  if (text === '' || text === '--- {}\n') return { kind: 'absent' };
  if (!text.startsWith(header) || !text.endsWith('\n') || !/[^ \n:-]/.test(text[4] ?? '')) {
    return { kind: 'unproven' };
  }
  const odd: OddEntry[] = [];
  for (let from = header.length - 1; ; ) {
    const unusual = searchFrom(unusualLine, text, from);
    if (unusual === -1) break;
    const entry = proveByParser(text, unusual + 1);
    if (entry === undefined) return { kind: 'unproven' };
    odd.push(entry);
    from = entry.end - 1;
  }
  const places: EntryPlace[] = odd.filter((entry) => entry.key === key);
  for (const spelling of spellings(key)) {
    for (let at = text.indexOf(spelling, 3); at !== -1; at = text.indexOf(spelling, at + 1)) {
      const start = at + 1;
      if (odd.some((entry) => entry.start <= start && start < entry.end)) continue;
      places.push({ start, end: endOfEntry(text, start) });
    }
  }
  const [place, second] = places;
  if (place === undefined) return { kind: 'absent' };
  return second === undefined ? { kind: 'found', place } : { kind: 'unproven' };
};

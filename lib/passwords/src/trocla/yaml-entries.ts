// Finds one entry in Trocla's YAML file without parsing the others. Invariant: an answer is exact. It is given only if every line
// of the file was proved to stand in one of the few forms that Ruby's writer uses, or to belong to an entry that a YAML parser
// found complete in itself; so no line that looks like a key can be part of a text, and no key can hide. Else the answer is
// `unproven`, and the file has to be parsed as a whole.
//
// Every form below ends with its line: quotes are closed, nothing flows on. A line that is indented by four or more stands only
// behind the head of a literal block or another such line, and is text. Bytes are read as Latin-1;
// those that could be a line separator of Unicode (U+0085, U+2028, U+2029) are left out of every form.

import { PasswordStoreError } from '../password-store.ts';
import { parseEntries } from './parse-entries.ts';

/** An entry, from its key to before the next one, in bytes of the file, and its text, one character a byte. */
export interface EntryPlace {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What is known about a key. `contentEnd`: where the last entry ends, or 0 if there is none; only a mark of the end may follow. */
export type EntryAnswer =
  | { readonly kind: 'found'; readonly place: EntryPlace; readonly contentEnd: number }
  | { readonly kind: 'absent'; readonly contentEnd: number }
  | { readonly kind: 'unproven' };

const high = '\\x80-\\x84\\x86-\\xa7\\xaa-\\xff';
const plainKey = '[A-Za-z0-9_][!-9;-~]*(?:(?::(?! )| (?![ #:]))[!-9;-~]*)*';
const plainScalar = `[A-Za-z0-9_][!-9;-~${high}]*(?:(?::(?![ \\n])| (?![ #:\\n]))[!-9;-~${high}]*)*`;
const doubleQuoted = `"[ !#-\\[\\]-~${high}]*(?:\\\\[ -~][ !#-\\[\\]-~${high}]*)*"`;
const singleQuoted = `'[ -&(-~${high}]*(?:''[ -&(-~${high}]*)*'`;
const scalar = `(?:${plainScalar}|${doubleQuoted}|${singleQuoted})`;
const literalHead = '(?:!binary )?\\|[-+]?';
const keyLine = `(?:${plainKey}|"[ !#-\\[\\]-~]*"|'[ -&(-~]*'):`;
const innerLine = `    [ -~${high}]*`;
/** The commonest of these forms, which a machine recognizes fastest. */
const commonLine = '  [a-z0-9_]+: (?:[A-Za-z0-9_][!-~]*(?<!:)|"[ !#-\\[\\]-~]*")|[A-Za-z0-9_][!-9;-~]*:';
/** What is whole in itself: a line that is indented further would change it. */
const closedLine = `(?:${commonLine}|(?:  |- )[A-Za-z0-9_]+: ${scalar}|${keyLine}|- !ruby/object:Rational|)\\n(?!   )`;
/** The head of a literal block, and what is inside. */
const literalLine = `(?:(?:  |- )[A-Za-z0-9_]+: ${literalHead}|${innerLine})\\n`;

const isPlainKey = new RegExp(`^${plainKey}$`);

/** The lines that name this key and need no parser, without their line break. */
const spellings = (key: string): readonly string[] => [
  ...(isPlainKey.test(key) ? [`${key}:`] : []),
  ...(/^[ !#-[\]-~]*$/.test(key) ? [`"${key}":`] : []),
  ...(/^[ -&(-~]*$/.test(key) ? [`'${key}':`] : []),
];

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** Finds the line break before a line that is in no known form, or names the key. */
const remarkableLine = (names: readonly string[]): RegExp => {
  const sought = names.length === 0 ? '' : `(?!(?:${names.map(literally).join('|')})\\n)`;
  return new RegExp(`\\n(?!${sought}(?:${closedLine}|${literalLine})|$)`, 'g');
};

const searchFrom = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
};

/** What a line begins with if it belongs to the entry before. */
const isInside = (first: string | undefined): boolean => first === undefined || /[ \n:#-]/.test(first);

/** The break before the last entry that begins in `text`, or before that at `before`; 0 if there is none. */
const entryBreak = (text: string, before: number): number => {
  let at = text.lastIndexOf('\n', before);
  while (at > 0 && isInside(text[at + 1])) at = text.lastIndexOf('\n', at - 1);
  return at;
};

/** Where the entry with a line at `line` ends: behind its last line break. */
const endOfEntry = (text: string, line: number): number => {
  let at = text.indexOf('\n', line);
  while (at !== -1 && isInside(text[at + 1])) at = text.indexOf('\n', at + 1);
  return at === -1 ? text.length : at + 1;
};

/** The key, if the text is exactly one entry. */
const onlyKey = (text: string): string | undefined => {
  // The end of a document hides what follows.
  if (/^(?:---|\.\.\.)/m.test(text)) return undefined;
  try {
    const entries = [...parseEntries(Buffer.from(text, 'latin1').toString()).keys()];
    return entries.length === 1 ? entries[0] : undefined;
  } catch (error) {
    if (error instanceof PasswordStoreError) return undefined;
    throw error;
  }
};

/** A quote may hide the end of an entry this many times. */
const MAX_EXTENSIONS = 8;

/** The entry around an unusual line, if a parser finds it complete. */
const proveByParser = (text: string, line: number): { key: string; start: number; end: number } | undefined => {
  const start = entryBreak(text, line - 1) + 1;
  for (let end = endOfEntry(text, line), tries = 0; tries < MAX_EXTENSIONS; end = endOfEntry(text, end), tries++) {
    const key = onlyKey(text.slice(start, end));
    if (key !== undefined) return { key, start, end };
    if (end === text.length) return undefined;
  }
  return undefined;
};

const header = '---\n';
const endMark = '\n...\n';

/** Entries larger than this many pieces of the file are left to the parser. */
const MAX_PIECES = 8;

/**
 * Looks for `key` in a file that comes in pieces, one character a byte. To be called inside of `withYamlParser`.
 * @returns its place; that it is absent; or that this file takes a parser.
 */
export const findEntry = (pieces: Iterable<string>, key: string): EntryAnswer => {
  const names = spellings(key);
  const remarkable = remarkableLine(names);
  const places: EntryPlace[] = [];
  let text = '';
  /** Where in the file `text` begins; once the header is off, with the line break before an entry. */
  let base = 0;
  /** Everything before is proved. */
  let from = 0;
  let waiting = 0;

  const isKnownName = (line: number): boolean => names.some((name) => text.startsWith(`${name}\n`, line));
  const note = (start: number, end: number): void => {
    places.push({ start: base + start, end: base + end, text: text.slice(start, end) });
  };
  /** Proves `text` up to a line break; says where it got stuck. */
  const prove = (cut: number): boolean => {
    const region = text.slice(0, cut + 1);
    for (let at = searchFrom(remarkable, region, from); at !== -1; at = searchFrom(remarkable, region, from)) {
      from = at;
      const line = at + 1;
      if (isKnownName(line)) {
        note(line, endOfEntry(region, line));
        from = line;
        continue;
      }
      const odd = proveByParser(region, line);
      if (odd === undefined) return false;
      // Its first line may have been taken for that of a plain entry.
      while ((places.at(-1)?.start ?? -1) >= base + odd.start) places.pop();
      if (odd.key === key) note(odd.start, odd.end);
      from = odd.end - 1;
    }
    return true;
  };

  for (const piece of pieces) {
    text += piece;
    if (base === 0) {
      if (text.length <= header.length) continue;
      if (!text.startsWith(header) || isInside(text[header.length])) break;
      base = header.length - 1;
      text = text.slice(base);
    }
    const cut = entryBreak(text, text.length - 1);
    if (cut > from && prove(cut)) {
      text = text.slice(cut);
      base += cut;
      from = 0;
      waiting = 0;
    } else if (++waiting > MAX_PIECES) {
      return { kind: 'unproven' };
    }
  }
  if (base === 0) {
    return text === '' || text === '--- {}\n' ? { kind: 'absent', contentEnd: 0 } : { kind: 'unproven' };
  }
  // Ruby's writer marks the end behind a literal block that keeps its last line breaks.
  if (text.endsWith(endMark)) text = text.slice(0, 1 - endMark.length);
  if (!text.endsWith('\n') || !prove(text.length - 1)) return { kind: 'unproven' };
  const contentEnd = base + text.length;
  const [place, second] = places;
  if (place === undefined) return { kind: 'absent', contentEnd };
  return second === undefined ? { kind: 'found', place, contentEnd } : { kind: 'unproven' };
};

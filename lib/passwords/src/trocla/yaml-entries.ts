// Finds one entry in Trocla's YAML file without parsing the others. Invariant: an answer is exact. It is given only if every line
// of the file was proved to stand in one of the few forms that Ruby's writer uses, or to belong to an entry that a YAML parser
// found complete in itself; so no line that looks like a key can be part of a text, and no key can hide. Else the answer is
// `unproven`, and the file has to be parsed as a whole.

import { PasswordStoreError } from '../password-store.ts';
import { hasSeparator, type Sought, soughtKey } from './line-forms.ts';
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

/** Gives the break before the next remarkable line of a piece, from the break at `from` on; -1 if there is none. */
const remarkableIn = (text: string, sought: Sought): ((from: number) => number) => {
  const { commonLines } = sought;
  let remarkable: RegExp | undefined;
  return (from) => {
    commonLines.lastIndex = from + 1;
    commonLines.test(text);
    if (commonLines.lastIndex === text.length) return -1;
    remarkable ??= hasSeparator(text) ? sought.remarkableBesideSeparators : sought.remarkable;
    remarkable.lastIndex = commonLines.lastIndex - 1;
    return remarkable.exec(text)?.index ?? -1;
  };
};

/** What a line begins with if it belongs to the entry before. */
const isInside = (first: string | undefined): boolean => first === undefined || /[ \n:#-]/.test(first);

/** The break before the last entry that begins at or before `before`; 0 if there is none. */
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

/** So much is read at once; a piece of this size stays in the processor's cache. */
const PIECE_BYTES = 65_536;

/** Entries larger than so many pieces are left to the parser. */
const MAX_PIECES = 64;

/** Reads the file from `position`, one character a byte; fewer than `length` only at its end. */
export type ReadPiece = (position: number, length: number) => string;

/** Proves a piece that begins at the line break before an entry and ends with one. The places of the key in it; `undefined`: not proved. */
const provePiece = (text: string, base: number, sought: Sought): EntryPlace[] | undefined => {
  const places: EntryPlace[] = [];
  const nextRemarkable = remarkableIn(text, sought);
  const note = (start: number, end: number): void => {
    places.push({ start: base + start, end: base + end, text: text.slice(start, end) });
  };
  for (let at = nextRemarkable(0); at !== -1; ) {
    const line = at + 1;
    if (sought.names.some((name) => text.startsWith(`${name}\n`, line))) {
      note(line, endOfEntry(text, line));
      at = nextRemarkable(text.indexOf('\n', line));
      continue;
    }
    const odd = proveByParser(text, line);
    if (odd === undefined) return undefined;
    // Its first line may have been taken for that of a plain entry.
    while ((places.at(-1)?.start ?? -1) >= base + odd.start) places.pop();
    if (odd.key === sought.key) note(odd.start, odd.end);
    at = nextRemarkable(odd.end - 1);
  }
  return places;
};

/**
 * Looks for `key` in a file. To be called inside of `withYamlParser`.
 * @returns its place; that it is absent; or that this file takes a parser.
 */
export const findEntry = (read: ReadPiece, key: string, pieceBytes = PIECE_BYTES): EntryAnswer => {
  const beginning = read(0, '--- {}\n'.length + 1);
  if (beginning === '' || beginning === '--- {}\n') return { kind: 'absent', contentEnd: 0 };
  if (!beginning.startsWith(header) || isInside(beginning[header.length])) return { kind: 'unproven' };
  const sought = soughtKey(key);
  const places: EntryPlace[] = [];
  let base = header.length - 1;
  for (let length = pieceBytes; ; ) {
    let text = read(base, length);
    const isEnd = text.length < length;
    // Ruby's writer marks the end behind a literal block that keeps its last line breaks.
    if (isEnd && text.endsWith(endMark)) text = text.slice(0, 1 - endMark.length);
    if (isEnd && !text.endsWith('\n')) return { kind: 'unproven' };
    const cut = isEnd ? text.length - 1 : entryBreak(text, text.length - 1);
    const found = cut > 0 || isEnd ? provePiece(text.slice(0, cut + 1), base, sought) : undefined;
    if (found !== undefined) {
      places.push(...found);
      base += cut;
      length = pieceBytes;
    } else if (isEnd || length >= MAX_PIECES * pieceBytes) {
      return { kind: 'unproven' };
    } else {
      length *= 4;
    }
    if (isEnd) break;
  }
  const contentEnd = base + 1;
  const [place, second] = places;
  if (place === undefined) return { kind: 'absent', contentEnd };
  return second === undefined ? { kind: 'found', place, contentEnd } : { kind: 'unproven' };
};

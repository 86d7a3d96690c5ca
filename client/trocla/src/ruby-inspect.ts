// How Ruby prints a hash of texts (`inspect`), up to version 3.3.

import { isAscii, isUtf8 } from 'node:buffer';

const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\x1b': '\\e',
  '\x07': '\\a',
  '\b': '\\b',
  '\v': '\\v',
  '\f': '\\f',
};

const hex = (code: number, digits: number): string => code.toString(16).toUpperCase().padStart(digits, '0');

const unicodeEscape = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${hex(code, 0)}}` : `\\u${hex(code, 4)}`;
};

/** Space, letters, digits, signs: what Ruby prints as it is. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

const inspectText = (text: string): string => {
  const escaped = text
    .replace(/["\\]|#(?=[{$@])/g, (found) => `\\${found}`)
    .replace(unprintable, (found) => named[found] ?? unicodeEscape(found));
  return `"${escaped}"`;
};

const inspectBytes = (bytes: Uint8Array): string => {
  const escaped = Buffer.from(bytes)
    .toString('latin1')
    .replace(/["\\]|#(?=[{$@])/g, (found) => `\\${found}`)
    .replace(/[^ -~]/g, (found) => named[found] ?? `\\x${hex(found.charCodeAt(0), 2)}`);
  return `"${escaped}"`;
};

/**
 * A hash as `{"a"=>"b"}`. `isText` false is for Trocla's encrypted stores: what they give back has no encoding, unless it is ASCII.
 */
export const inspectHash = (pairs: Iterable<readonly [string, Uint8Array | number]>, isText: boolean): string => {
  const shown = [...pairs].map(([name, value]) => {
    const text =
      typeof value === 'number'
        ? String(value)
        : (isText && isUtf8(value)) || isAscii(value)
          ? inspectText(Buffer.from(value).toString())
          : inspectBytes(value);
    return `${inspectText(name)}=>${text}`;
  });
  return `{${shown.join(', ')}}`;
};

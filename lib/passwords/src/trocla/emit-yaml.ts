// Entries of Trocla's YAML file, as Ruby reads them: block style, and every text in a form that no reader takes for a number,
// a truth or a date. Ruby's own writer leaves more unquoted; it reads both alike.

import { isUtf8 } from 'node:buffer';
import { isHash, isRational, type RubyValue } from './ruby-value.ts';

/** Letters first, nothing that ends a plain scalar, and none of the words that YAML 1.1 takes for something else. */
const plainText = /^(?!(?:y|n|yes|no|true|false|on|off|null)$)[a-z_][\w.@/-]*$/i;

/** Several lines of printable ASCII; the first neither empty nor indented. */
const blockText = /^[!-~][ -~]*\n(?:[ -~]*\n)*[ -~]*$/;

/** Ruby takes this for the merging of hashes, also between quotes, unless a tag says that it is a text. */
const tagged = (text: string): string => (text === '<<' ? '!!str "<<"' : `"${text.replace(escaped, escapeCharacter)}"`);

/** What is not written as it is between double quotes. */
const escaped = /["\\]|[^ -~\p{L}\p{N}\p{P}\p{S}\p{M}]/gu;

const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

const escapeCharacter = (character: string): string => {
  const known = escapes[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** A literal block: its lines, and whether it ends with no, one or more line breaks. */
const literalBlock = (text: string, indent: string): string => {
  const mark = text.endsWith('\n\n') ? '|+' : text.endsWith('\n') ? '|' : '|-';
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  return `${mark}\n${lines.replace(/^(?=.)/gm, indent)}`;
};

/** One text. `indent` is that of further lines. */
const emitText = (bytes: Uint8Array, indent: string): string => {
  if (!isUtf8(bytes)) {
    return `!binary |-\n${Buffer.from(bytes)
      .toString('base64')
      .replace(/.{1,60}/g, `${indent}$&\n`)
      .slice(0, -1)}`;
  }
  const text = Buffer.from(bytes).toString();
  if (plainText.test(text)) return text;
  if (blockText.test(text)) return literalBlock(text, indent);
  return tagged(text);
};

const emitNumber = (value: number | bigint): string => {
  if (typeof value === 'bigint' || Number.isInteger(value)) return BigInt(value).toString();
  const text = String(value);
  return text.includes('e') ? value.toFixed(20) : text;
};

const emitPairs = (hash: ReadonlyMap<string, RubyValue>, first: string, indent: string): string =>
  [...hash]
    .map(([name, value], index) => {
      const lead = index === 0 ? first : indent;
      return `${lead}${emitText(Buffer.from(name), `${indent}  `)}:${emitValue(value, indent)}`;
    })
    .join('');

/** What stands behind a colon or a dash, up to the end of its last line. */
const emitValue = (value: RubyValue, indent: string): string => {
  if (value === null) return '\n';
  if (typeof value === 'boolean') return ` ${value}\n`;
  if (typeof value === 'number' || typeof value === 'bigint') return ` ${emitNumber(value)}\n`;
  if (value instanceof Uint8Array) return ` ${emitText(value, `${indent}  `)}\n`;
  if (isRational(value)) {
    const { denominator, numerator } = value;
    return ` !ruby/object:Rational\n${indent}  denominator: ${denominator}\n${indent}  numerator: ${numerator}\n`;
  }
  if (isHash(value)) return `\n${emitPairs(value, `${indent}  `, `${indent}  `)}`;
  return `\n${value.map((item) => `${indent}-${emitItem(item, indent)}`).join('')}`;
};

const emitItem = (item: RubyValue, indent: string): string =>
  isHash(item) && item.size > 0 ? emitPairs(item, ' ', `${indent}  `) : emitValue(item, indent);

/** Longer keys, and those of several lines, need the form with a question mark (libyaml, `yaml_emitter_check_simple_key`). */
const SIMPLE_KEY_BYTES = 128;

/** One entry of the file: a key and what is stored under it. */
export const emitEntry = (key: string, value: RubyValue): string => {
  const quoted = plainText.test(key) ? key : tagged(key);
  const head = Buffer.byteLength(quoted) > SIMPLE_KEY_BYTES ? `? ${quoted}\n:` : `${quoted}:`;
  if (head.startsWith('?') && isHash(value)) return `${head}${emitItem(value, '')}`;
  return `${head}${emitValue(value, '')}`;
};

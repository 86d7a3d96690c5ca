// The entries of Trocla's YAML file, by the rule that Ruby's writer follows: every scalar is a text, but for those that say
// otherwise by a tag or by standing empty.

import { isUtf8 } from 'node:buffer';
import { PasswordStoreError } from '../password-store.ts';
import { isHash, type RubyValue } from './ruby-value.ts';
import type { YamlNode } from './yaml-node.ts';
import { readYaml, YamlError } from './yaml-reader.ts';

const unsupported = (why: string): never => {
  throw new PasswordStoreError('unsupported', `it holds ${why}`);
};

const keyOf = (node: YamlNode): string => {
  if (node.kind !== 'scalar') return unsupported('a key that is no text');
  // Ruby merges hashes here, also if it stands between quotes.
  if (node.text === '<<' && node.tag !== '!!str') return unsupported('a merge of hashes');
  if (node.tag !== '!binary') return node.text;
  const bytes = Buffer.from(node.text, 'base64');
  return isUtf8(bytes) ? bytes.toString() : unsupported('a key that is no UTF-8');
};

const integer = (value: RubyValue | undefined): bigint | undefined => {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : '';
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
};

const rubyValue = (node: YamlNode): RubyValue => {
  if (node.kind === 'list') return node.items.map(rubyValue);
  if (node.kind === 'scalar') {
    if (node.tag === '!binary') return Buffer.from(node.text, 'base64');
    return node.text === '' && node.isPlain ? null : Buffer.from(node.text);
  }
  const hash = new Map(node.pairs.map(([key, value]) => pairOf(keyOf(key), value)));
  if (node.tag !== '!ruby/object:Rational') return hash;
  const [numerator, denominator] = [integer(hash.get('numerator')), integer(hash.get('denominator'))];
  return numerator === undefined || !denominator ? unsupported('a fraction that is none') : { numerator, denominator };
};

/** The one number in a record is that of seconds until it expires. */
const pairOf = (name: string, node: YamlNode): readonly [string, RubyValue] => {
  const isNumber = name === '_expires' && node.kind === 'scalar' && node.isPlain && /^[-+]?[\d.]+$/.test(node.text);
  return [name, isNumber ? Number(node.text) : rubyValue(node)];
};

const readDocument = (text: string): YamlNode | undefined => {
  try {
    return readYaml(text, { aliases: true });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { message, line, column } = error;
    throw new PasswordStoreError('corrupt', `it is no proper YAML: ${message} at line ${line} column ${column}`, {
      cause: error,
    });
  }
};

/**
 * Every entry of a whole document, or of a piece of one that is complete in itself; the last of two with the same key counts.
 * To be called inside of `withYamlParser`.
 * Throws `PasswordStoreError`: `corrupt` if it is no YAML mapping, `unsupported` if it cannot be read exactly.
 */
export const parseEntries = (text: string): Map<string, RubyValue> => {
  const document = text.trim() === '' ? undefined : readDocument(text);
  const root = document === undefined ? null : rubyValue(document);
  if (root === null) return new Map();
  if (!isHash(root)) throw new PasswordStoreError('corrupt', 'PStore file seems to be corrupted.');
  return new Map(root);
};

// Reads Trocla's YAML by the rule that Ruby's writer follows: every scalar is a text, but for those that say otherwise by a tag or
// by standing empty. YAML 1.1, libyaml's dialect.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type Document } from 'yaml';
import { PasswordStoreError } from '../password-store.ts';
import { isHash, type RubyValue } from './ruby-value.ts';

const parseOptions = {
  version: '1.1',
  schema: 'failsafe',
  uniqueKeys: false,
  keepSourceTokens: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** libyaml takes these for line breaks, other readers for text. Nothing that Trocla stores holds them unescaped. */
const strangeBreaks = /[\u0085\u2028\u2029]/;

const unreadable = (why: string): PasswordStoreError => new PasswordStoreError('unsupported', why);

const textOf = (node: Node, document: Document): string => {
  const resolved = isAlias(node) ? node.resolve(document) : node;
  if (!isScalar(resolved)) throw unreadable('a key that is no text');
  if (isBinary(resolved.tag)) return Buffer.from(String(resolved.source ?? resolved.value ?? ''), 'base64').toString();
  return String(resolved.value ?? '');
};

const isBinary = (tag: string | undefined): boolean => tag === '!binary' || tag === 'tag:yaml.org,2002:binary';

const rational = (pairs: ReadonlyMap<string, RubyValue>): RubyValue => {
  const [numerator, denominator] = [pairs.get('numerator'), pairs.get('denominator')].map((part) =>
    part instanceof Uint8Array && /^-?\d+$/.test(Buffer.from(part).toString('latin1'))
      ? BigInt(Buffer.from(part).toString('latin1'))
      : undefined,
  );
  if (numerator === undefined || !denominator) throw unreadable('a fraction that is none');
  return { numerator, denominator };
};

const valueOf = (node: Node | null | undefined, document: Document): RubyValue => {
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return valueOf(node.resolve(document), document);
  if (isSeq(node)) return node.items.map((item) => valueOf(item as Node | null, document));
  if (isMap(node)) {
    const pairs = new Map<string, RubyValue>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      pairs.set(textOf(pair.key, document), valueOf(pair.value, document));
    }
    return node.tag === '!ruby/object:Rational' ? rational(pairs) : pairs;
  }
  if (!isScalar(node)) return null;
  const text = String(node.value ?? '');
  if (isBinary(node.tag)) return Buffer.from(text, 'base64');
  if (text === '' && node.type === 'PLAIN') return null;
  return Buffer.from(text);
};

/**
 * Every entry of a whole document, or of a piece of one that is complete in itself; the last of two with the same key counts.
 * Throws `PasswordStoreError`: `corrupt` if it is no YAML mapping, `unsupported` if it cannot be read exactly.
 */
export const parseEntries = (text: string): Map<string, RubyValue> => {
  if (text.trim() === '') return new Map();
  if (strangeBreaks.test(text)) throw unreadable('it holds a line separator (U+0085, U+2028, U+2029) outside of an escape');
  const document = parseDocument(text, parseOptions);
  const [error] = document.errors;
  if (error !== undefined && error.code !== 'MULTIPLE_DOCS') {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    throw new PasswordStoreError('corrupt', `it is no proper YAML (${error.code.toLowerCase().replaceAll('_', ' ')}, line ${line})`);
  }
  const root = valueOf(document.contents as Node | null, document);
  if (root === null) return new Map();
  if (!isHash(root)) throw new PasswordStoreError('corrupt', 'PStore file seems to be corrupted.');
  return new Map(root);
};

// Reads YAML with a whole parser, in the dialect of libyaml: 1.1, without making anything of the scalars.

import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml';
import { emptyScalar, type YamlNode } from './yaml-node.ts';
import { YamlError } from './yaml-reader.ts';

const parseOptions = {
  version: '1.1',
  schema: 'failsafe',
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/**
 * libyaml takes these for line breaks and keeps U+2028 and U+2029, without the indentation behind them; other readers take them for text.
 * Ruby's writer indents by four there; anything else is not certain.
 */
const indentedBreak = /([\u2028\u2029])(?: {4}(?! )|(?=[\n\u2028\u2029]))/g;
const strangeBreak = /\u0085|[\u2028\u2029](?= )/;

const fail = (message: string, text: string, position: number): never => {
  const before = text.slice(0, position).split('\n');
  throw new YamlError(message, before.length, (before.at(-1)?.length ?? 0) + 1);
};

interface Reading {
  readonly text: string;
  readonly document: Document;
  readonly aliases: boolean;
}

/** Tags that change nothing are left out, but for the one that says that a scalar is a text. */
const tagOf = ({ tag }: { tag?: string | undefined }): { tag?: string } => {
  if (tag === 'tag:yaml.org,2002:str' || tag === '!') return { tag: '!!str' };
  if (tag === 'tag:yaml.org,2002:binary') return { tag: '!binary' };
  return tag === undefined || tag.startsWith('tag:yaml.org,2002:') ? {} : { tag };
};

const toNode = (node: Node | null | undefined, reading: Reading): YamlNode => {
  if (node === null || node === undefined) return emptyScalar;
  if (isAlias(node)) {
    if (!reading.aliases) fail(`Unknown alias: ${node.source}`, reading.text, node.range?.[0] ?? 0);
    return toNode(node.resolve(reading.document), reading);
  }
  if (isSeq(node))
    return { kind: 'list', items: node.items.map((item) => toNode(item as Node, reading)), ...tagOf(node) };
  if (isMap(node)) {
    const pairs = (node.items as Pair<Node, Node | null>[]).map(
      ({ key, value }) => [toNode(key, reading), toNode(value, reading)] as const,
    );
    return { kind: 'map', pairs, ...tagOf(node) };
  }
  if (!isScalar(node)) return emptyScalar;
  const tag = tagOf(node);
  return {
    kind: 'scalar',
    text: String(node.value ?? ''),
    isPlain: node.type === 'PLAIN' && tag.tag !== '!!str',
    ...tag,
  };
};

/**
 * The first document of a text; `undefined` if there is none. Throws `YamlError`.
 * `aliases` false refuses them, as Ruby's safe loader does.
 */
export const parseYaml = (given: string, { aliases }: { readonly aliases: boolean }): YamlNode | undefined => {
  const text = given.replace(indentedBreak, '$1');
  const strange = strangeBreak.exec(text);
  if (strange !== null) fail('a line separator (U+0085, U+2028, U+2029) outside of an escape', text, strange.index);
  const document = parseDocument(text, parseOptions);
  const error = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
  if (error !== undefined) fail(error.code.toLowerCase().replaceAll('_', ' '), text, error.pos[0]);
  if (document.contents === null) return undefined;
  return toNode(document.contents as Node, { text, document, aliases });
};

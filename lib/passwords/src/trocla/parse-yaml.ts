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

/** libyaml takes these for line breaks, other readers for text. */
const strangeBreak = /[\u0085\u2028\u2029]/;

const fail = (message: string, text: string, position: number): never => {
  const before = text.slice(0, position).split('\n');
  throw new YamlError(message, before.length, (before.at(-1)?.length ?? 0) + 1);
};

interface Reading {
  readonly text: string;
  readonly document: Document;
  readonly aliases: boolean;
}

const tagOf = (node: { tag?: string | undefined }): { tag?: string } =>
  node.tag === undefined || node.tag.startsWith('tag:yaml.org,2002:') ? binaryTag(node.tag) : { tag: node.tag };

const binaryTag = (tag: string | undefined): { tag?: string } =>
  tag === 'tag:yaml.org,2002:binary' ? { tag: '!binary' } : {};

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
  const isString =
    node.tag === 'tag:yaml.org,2002:str' && node.type === 'PLAIN' && /^!/.test(reading.text.slice(node.range?.[0]));
  return {
    kind: 'scalar',
    text: String(node.value ?? ''),
    isPlain: node.type === 'PLAIN' && !isString,
    ...tagOf(node),
  };
};

/**
 * The first document of a text; `undefined` if there is none. Throws `YamlError`.
 * `aliases` false refuses them, as Ruby's safe loader does.
 */
export const parseYaml = (text: string, { aliases }: { readonly aliases: boolean }): YamlNode | undefined => {
  const strange = strangeBreak.exec(text);
  if (strange !== null) fail('a line separator (U+0085, U+2028, U+2029) outside of an escape', text, strange.index);
  const document = parseDocument(text, parseOptions);
  const error = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
  if (error !== undefined) fail(error.code.toLowerCase().replaceAll('_', ' '), text, error.pos[0]);
  if (document.contents === null) return undefined;
  return toNode(document.contents as Node, { text, document, aliases });
};

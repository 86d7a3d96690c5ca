// XML with its namespaces resolved, out of a parser that reads no file, knows no entity but the five of XML, and is given no document
// with a type declaration at all. Namespaces in XML 1.0, section 5; XML 1.0 (Fifth Edition).

import { parseXml, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml';
import { TokenError } from '../import/token.ts';

const DEEPEST = 32;

/** An element; its name without the prefix, and what the prefix stands for. */
export interface Element {
  readonly namespace: string;
  readonly name: string;
  /** Those without a prefix. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Of itself, without its children's; blanks around it left out. */
  readonly text: string;
}

type Prefixes = ReadonlyMap<string, string>;

const declared = (attributes: Readonly<Record<string, string>>, outer: Prefixes): Prefixes => {
  const inner = Object.entries(attributes).filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:'));
  if (inner.length === 0) return outer;
  return new Map([...outer, ...inner.map(([name, uri]) => [name.slice('xmlns:'.length), uri] as const)]);
};

const resolve = (element: XmlElement, outer: Prefixes, depth: number): Element => {
  if (depth > DEEPEST) throw new TokenError('its elements are nested too deep');
  const prefixes = declared(element.attributes, outer);
  const [first = '', second] = element.name.split(':');
  const namespace = prefixes.get(second === undefined ? '' : first) ?? '';
  const children: Element[] = [];
  let text = '';
  for (const child of element.children) {
    if (child instanceof XmlElement) children.push(resolve(child, prefixes, depth + 1));
    else if (child instanceof XmlText) text += child.text;
  }
  const attributes = Object.fromEntries(Object.entries(element.attributes).filter(([name]) => !name.includes(':')));
  return { namespace, name: second ?? first, attributes, children, text: text.trim() };
};

/** Refuses what would make the parser go too deep, before it does. */
const checkDepth = (text: string): void => {
  let depth = 0;
  for (const [tag] of text.matchAll(/<[^!?][^>]*>/g)) {
    if (tag.startsWith('</')) depth--;
    else if (!tag.endsWith('/>') && ++depth > 2 * DEEPEST) throw new TokenError('its elements are nested too deep');
  }
};

/** The root of a document in UTF-8. Throws {@link TokenError}, which names line and column and quotes nothing. */
export const parseDocument = (bytes: Buffer): Element => {
  const text = bytes.toString('utf8');
  if (/<!DOCTYPE/i.test(text)) throw new TokenError('it has a document type declaration, which is not read');
  checkDepth(text);
  try {
    const { root } = parseXml(text);
    if (root !== null) return resolve(root, new Map(), 0);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new TokenError(`it is no XML: line ${error.line}, column ${error.column}`);
  }
  throw new TokenError('it is empty');
};

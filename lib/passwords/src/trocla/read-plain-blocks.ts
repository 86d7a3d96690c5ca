// Reads the part of YAML that Ruby's writer uses: blocks, scalars on one line, literal blocks. Invariant: what it reads, any YAML
// 1.1 parser reads the same; it gives up at the first line of which that is not certain. It is here because loading a whole parser
// takes longer than everything else a look-up does.

import { emptyScalar, type YamlNode } from './yaml-node.ts';

class NotCertain extends Error {}

const giveUp = (): never => {
  throw new NotCertain();
};

/** A key on a line of its own or before a value: a word, a symbol, or a quoted text without escapes. */
const keyPattern = /^(?:(:?[A-Za-z0-9_][\w.@/+-]*)|"([^"\\]*)"|'([^']*)'):(?: +|$)/;

/** Nothing that opens or ends anything, no comment, no pair. */
const plainPattern = /^(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|[-:](?=[^\s,[\]{}]))(?:[^\s:#]|:(?=\S)|(?<=\S)#| +(?=[^\s#]))*$/;

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  n: '\n',
  t: '\t',
  r: '\r',
  e: '\x1b',
  a: '\x07',
  b: '\b',
  v: '\v',
  f: '\f',
  '0': '\0',
};

const withoutEscapes = (text: string): string =>
  text.replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/g, (_, x, u, long, letter) => {
    const code = x ?? u ?? long;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    return escapes[letter] ?? giveUp();
  });

const indentOf = (line: string): number => line.length - line.trimStart().length;

const isListItem = (rest: string): boolean => rest === '-' || rest.startsWith('- ');

class Reader {
  readonly #lines: string[];
  #at = 0;

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  document(): YamlNode {
    const line = this.#next();
    if (line === undefined) return emptyScalar;
    const node = this.#block(indentOf(line));
    return this.#next() === undefined ? node : giveUp();
  }

  /** The next line that says something. */
  #next(): string | undefined {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] ?? '';
      if (/^(?:---|\.\.\.)(?: |$)/.test(line)) giveUp();
      if (!/^ *(?:#|$)/.test(line)) return line;
    }
    return undefined;
  }

  #block(indent: number, tag?: string): YamlNode {
    const line = this.#next();
    const isList = line !== undefined && isListItem(line.slice(indent));
    const node = isList ? this.#list(indent) : this.#map(indent);
    return tag === undefined ? node : { ...node, tag };
  }

  #map(indent: number): YamlNode {
    const pairs: [YamlNode, YamlNode][] = [];
    for (let line = this.#next(); line !== undefined && indentOf(line) === indent; line = this.#next()) {
      const rest = line.slice(indent);
      if (isListItem(rest)) break;
      const [whole, word, double, single] = keyPattern.exec(rest) ?? giveUp();
      const key: YamlNode = { kind: 'scalar', text: word ?? double ?? single ?? '', isPlain: word !== undefined };
      if (key.text === '') giveUp();
      this.#at++;
      pairs.push([key, this.#value(rest.slice(whole.length), indent)]);
    }
    const line = this.#next();
    return line === undefined || indentOf(line) < indent || isListItem(line.slice(indent))
      ? { kind: 'map', pairs }
      : giveUp();
  }

  #list(indent: number): YamlNode {
    const items: YamlNode[] = [];
    for (let line = this.#next(); line !== undefined && indentOf(line) === indent; line = this.#next()) {
      const rest = line.slice(indent);
      if (!isListItem(rest)) break;
      const item = rest.slice(2);
      if (keyPattern.test(item)) {
        this.#lines[this.#at] = `${' '.repeat(indent + 2)}${item}`;
        items.push(this.#block(indent + 2));
      } else {
        if (item.startsWith(' ') || isListItem(item)) giveUp();
        this.#at++;
        if (item.trim() === '') giveUp();
        items.push(this.#value(item, indent));
      }
    }
    const line = this.#next();
    return line === undefined || indentOf(line) <= indent ? { kind: 'list', items } : giveUp();
  }

  /** What stands behind a colon or a dash; the lines that follow are indented more, if they belong to it. */
  #value(given: string, indent: number): YamlNode {
    const rest = given.trimEnd();
    if (rest === '' || rest === '!ruby/object:Rational') return this.#nested(indent, rest);
    const [, tag, keep] = /^(!binary )?\|([-+]?)$/.exec(rest) ?? [];
    if (keep !== undefined) return this.#literal(indent, keep, tag?.trim());
    const line = this.#next();
    if (line !== undefined && indentOf(line) > indent) giveUp();
    const double = /^"((?:[^"\\]|\\.)*)"$/.exec(rest)?.[1];
    if (double !== undefined) return { kind: 'scalar', text: withoutEscapes(double), isPlain: false };
    const single = /^'((?:[^']|'')*)'$/.exec(rest)?.[1];
    if (single !== undefined) return { kind: 'scalar', text: single.replaceAll("''", "'"), isPlain: false };
    return plainPattern.test(rest) ? { kind: 'scalar', text: rest, isPlain: true } : giveUp();
  }

  #nested(indent: number, tag: string): YamlNode {
    const line = this.#next();
    const next = line === undefined ? -1 : indentOf(line);
    if (line !== undefined && (next > indent || (next === indent && tag === '' && isListItem(line.slice(indent))))) {
      return this.#block(next, tag || undefined);
    }
    return tag === '' ? emptyScalar : giveUp();
  }

  #literal(indent: number, keep: string, tag?: string): YamlNode {
    const first = this.#lines[this.#at] ?? '';
    const inner = indentOf(first);
    if (first.trim() === '' || inner <= indent) giveUp();
    const lines: string[] = [];
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] ?? '';
      if (line.trim() !== '' && indentOf(line) < inner) break;
      lines.push(line.slice(inner));
    }
    const text = `${lines.join('\n')}\n`;
    const body = text.replace(/\n+$/, '');
    const ended = keep === '-' ? body : keep === '+' ? text : `${body}\n`;
    return { kind: 'scalar', text: ended, isPlain: false, ...(tag !== undefined && { tag }) };
  }
}

/** Reads a document that is written in plain blocks; `undefined` if it is not, or not certainly. */
export const readPlainBlocks = (text: string): YamlNode | undefined => {
  if (/[\t\r\u0085\u2028\u2029\ufeff]/.test(text)) return undefined;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines[0] === '---') lines.shift();
  try {
    return new Reader(lines).document();
  } catch (error) {
    if (error instanceof NotCertain) return undefined;
    throw error;
  }
};

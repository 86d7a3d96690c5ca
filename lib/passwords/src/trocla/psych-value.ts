// What Ruby's YAML library (Psych) makes of a document: YAML 1.1 with its own idea of numbers. With the safe loader, whatever would
// become an object is refused.

import type { YamlNode } from './yaml-node.ts';
import { readYaml, withYamlParser, YamlError } from './yaml-reader.ts';

/** A Ruby symbol that is a value. */
export class RubySymbol {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A document that Ruby would not load, in its words. */
export class PsychError extends Error {
  override readonly name = 'PsychError';
}

export interface LoadSettings {
  /** Whether symbols may stand in it. */
  readonly symbols: boolean;
}

const unspecified = (name: string): never => {
  throw new PsychError(`Tried to load unspecified class: ${name}`);
};

const date = /^\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)$/;
const time = /^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?\s*$/;
const decimalFraction = /^[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][+-][0-9]+)?$/;
const integer = /^[-+]?(?:0b[01_,]+|0[0-7_,]+|(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|0x[0-9a-fA-F_,]+)$/;
const sexagesimal = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}$/;
const sexagesimalFraction = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}\.[0-9_]*$/;

/** Hours first, also if there are only two parts: 1:30 is 5400. */
const inSixties = (text: string): number =>
  text
    .replaceAll('_', '')
    .split(':')
    .reduce((sum, part, index) => sum + Number(part) * 60 ** (2 - index), 0);

const integerOf = (text: string): number => {
  const digits = text.replace(/[,_]/g, '');
  const [, sign, body = ''] = /^([-+]?)(.*)$/.exec(digits) ?? [];
  const value = /^0[0-7]+$/.test(body) ? Number.parseInt(body, 8) : Number(body);
  return sign === '-' ? -value : value;
};

const symbolOf = (text: string, settings: LoadSettings): unknown => {
  if (!settings.symbols) return unspecified('Symbol');
  return new RubySymbol(text.slice(1).replace(/^(["'])(.*)\1$/, '$2'));
};

const plainValue = (text: string, settings: LoadSettings): unknown => {
  if (/^(?:~|null|)$/i.test(text)) return null;
  if (/^(?:yes|true|on)$/i.test(text)) return true;
  if (/^(?:no|false|off)$/i.test(text)) return false;
  if (/^:./.test(text)) return symbolOf(text, settings);
  if (!/^[-+.\d]/.test(text)) return text;
  if (date.test(text)) return unspecified('Date');
  if (time.test(text)) return unspecified('Time');
  if (/^\+?\.inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-\.inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  if (/^\.nan$/i.test(text)) return Number.NaN;
  if (sexagesimal.test(text) || sexagesimalFraction.test(text)) return inSixties(text);
  if (decimalFraction.test(text) && !/^[-+]?\.$/.test(text)) return Number(text.replace(/[,_]/g, ''));
  return integer.test(text) ? integerOf(text) : text;
};

const valueOfNode = (node: YamlNode, settings: LoadSettings): unknown => {
  const { tag } = node;
  if (tag?.startsWith('!ruby/')) return unspecified(tag.replace(/^!ruby\/(?:object:)?/, ''));
  if (node.kind === 'list') return node.items.map((item) => valueOfNode(item, settings));
  if (node.kind === 'map') {
    return Object.fromEntries(node.pairs.map(([key, value]) => [keyOf(key, settings), valueOfNode(value, settings)]));
  }
  if (tag === '!binary') return Buffer.from(node.text, 'base64').toString();
  return node.isPlain ? plainValue(node.text, settings) : node.text;
};

/** Symbols and texts are the same as keys. */
const keyOf = (node: YamlNode, settings: LoadSettings): string => {
  const key = valueOfNode(node, settings);
  if (key instanceof RubySymbol) return key.name;
  return key === null ? '' : String(key);
};

/** The value of a YAML text; `undefined` if there is no document in it. Throws `PsychError`. */
export const loadYaml = async (text: string, settings: LoadSettings): Promise<unknown> => {
  try {
    const node = await withYamlParser(() => readYaml(text, { aliases: false }));
    return node === undefined ? undefined : valueOfNode(node, settings);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    if (error.message.startsWith('Unknown alias')) throw new PsychError(error.message);
    throw new PsychError(`(<unknown>): ${error.message} at line ${error.line} column ${error.column}`, {
      cause: error,
    });
  }
};

/** How Ruby calls the class of a value. */
export const rubyClass = (value: unknown): string => {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Float';
  if (Array.isArray(value)) return 'Array';
  if (value instanceof RubySymbol) return 'Symbol';
  return typeof value === 'string' ? 'String' : 'Hash';
};

/** The value as a hash, or Ruby's complaint. Throws `PsychError`. */
export const asHash = (value: unknown): Record<string, unknown> => {
  const name = rubyClass(value);
  if (name === 'Hash') return value as Record<string, unknown>;
  throw new PsychError(`no implicit conversion of ${name} into Hash`);
};

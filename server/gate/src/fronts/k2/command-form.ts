// How a line and the data that belongs to it become the input of an operation. What the input means is left to the operation's
// own schema; here it is only put together, each field from one place.

import {
  bytesReader,
  httpFormOf,
  type Operation,
  ok,
  type PublicOperation,
  type Result,
  refuse,
  withBase64,
} from '@chatelaine/contract';

export type Fields = Record<string, unknown>;

/** A field of the input that is a word of the line: its name, and what turns the word into its value. */
export type Word = string | readonly [name: string, read: (word: string) => unknown];

export interface CommandForm {
  /** In their order. */
  readonly words: readonly Word[];
  /** How many of the last ones may be left out. */
  readonly optional?: number;
  /** The field that is the list of all further words, at least so many. */
  readonly rest?: readonly [name: string, least: number];
  /** Fields that always have the same value. */
  readonly always?: Fields;
  /** Asks for the other fields, with what they are if they are left out. */
  readonly data?: Fields;
  /** Asks for data that is no fields itself. */
  readonly readData?: (data: unknown) => Result<Fields>;
  /** What follows OK, instead of the answer as the HTTP API has it. */
  readonly answerOf?: (value: never) => unknown;
}

/** A command that is an operation of the keep. */
export interface Command {
  readonly operation: PublicOperation;
  /** Whether the client is asked for more. */
  readonly takesData: boolean;
  /** Puts the input together from the words behind those of the command, and the data if it was asked for. Refusal: `invalid-input`. */
  readonly inputOf: (words: readonly string[], data?: unknown) => Result<Fields>;
  /** What follows OK; undefined if nothing does. */
  readonly answerOf: (value: unknown) => unknown;
}

const wrong = (field: string, message: string) => refuse('invalid-input', { field, message });

const nameOf = (word: Word): string => (typeof word === 'string' ? word : word[0]);

const readWords = (given: readonly string[], { words, optional = 0, rest }: CommandForm): Result<Fields> => {
  const most = rest === undefined ? words.length : Number.POSITIVE_INFINITY;
  if (given.length < words.length - optional + (rest?.[1] ?? 0)) return wrong('the command', 'has too few words');
  if (given.length > most) return wrong('the command', 'has too many words');
  const fields: Fields = {};
  for (const [index, word] of words.entries()) {
    const text = given[index];
    const value = text === undefined || typeof word === 'string' ? text : word[1](text);
    if (value !== undefined) fields[nameOf(word)] = value;
  }
  if (rest !== undefined) fields[rest[0]] = given.slice(words.length);
  return ok(fields);
};

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What reads data in the form of the HTTP API. What stands in the line cannot be said again. */
const fieldsReader = ({ words, data: defaults = {} }: CommandForm, operation: PublicOperation) => {
  const readBytes = bytesReader(httpFormOf(operation).input);
  return (data: unknown): Result<Fields> => {
    if (!isObject(data)) return wrong('the data', 'must be a JSON object');
    const twice = words.map(nameOf).find((name) => Object.hasOwn(data, name));
    if (twice !== undefined) return wrong(twice, 'stands in the command already');
    return ok({ ...defaults, ...((readBytes?.(data) as Fields | undefined) ?? data) });
  };
};

const isEmpty = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0;

const requirePublic = (operation: Operation): PublicOperation => {
  if (operation.http === undefined) throw new TypeError(`${operation.name} is not public`);
  return operation as PublicOperation;
};

/** Makes the command for an operation. Throws TypeError for one that is not public. */
export const defineCommand = (declared: Operation, form: CommandForm): Command => {
  const operation = requirePublic(declared);
  const readData = form.readData ?? fieldsReader(form, operation);
  return {
    operation,
    takesData: form.data !== undefined || form.readData !== undefined,
    inputOf: (given, data) => {
      const words = readWords(given, form);
      if (words.kind === 'refused') return words;
      const more = data === undefined ? ok({}) : readData(data);
      return more.kind === 'refused' ? more : ok({ ...more.value, ...form.always, ...words.value });
    },
    answerOf: (value) => {
      if (form.answerOf !== undefined) return form.answerOf(value as never);
      return isEmpty(value) ? undefined : withBase64(value);
    },
  };
};

// Bytes in JSON are base64 text (RFC 4648 section 4). What comes in is turned into bytes where the declaration has bytes;
// everything else is left for the schema to judge.

import type { JsonSchema } from './json-schema.ts';

/** Turns a part of a parsed JSON value. Changes the value it is given. */
type Turn = (value: unknown) => unknown;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Text that is no base64 stays text, which the schema then refuses as no bytes. */
const bytesOf: Turn = (value) =>
  typeof value === 'string' && BASE64.test(value) ? new Uint8Array(Buffer.from(value, 'base64')) : value;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value can be this choice, as far as the fields tell that have only one value. */
const canBe = (schema: JsonSchema, value: unknown): boolean =>
  !isObject(value) ||
  Object.entries(schema.properties ?? {}).every(
    ([name, { const: only }]) => only === undefined || (Object.hasOwn(value, name) && value[name] === only),
  );

const turnFields = (fields: ReadonlyMap<string, Turn>, others: Turn | undefined): Turn => {
  return (value) => {
    if (!isObject(value)) return value;
    for (const name of Object.keys(value)) {
      const turn = fields.get(name) ?? others;
      if (turn !== undefined && name !== '__proto__') value[name] = turn(value[name]);
    }
    return value;
  };
};

const turnItems = (turn: Turn): Turn => {
  return (value) => (Array.isArray(value) ? value.map(turn) : value);
};

const turnChoices = (choices: readonly { readonly schema: JsonSchema; readonly turn: Turn | undefined }[]): Turn => {
  return (value) => choices.find(({ schema }) => canBe(schema, value))?.turn?.(value) ?? value;
};

/** What turns base64 into bytes in values of this form; undefined if there are no bytes in it. */
export const bytesReader = (schema: JsonSchema): Turn | undefined => {
  if (schema.type === 'bytes') return bytesOf;
  const choices = (schema.oneOf ?? schema.anyOf)?.map((choice) => ({ schema: choice, turn: bytesReader(choice) }));
  if (choices?.some(({ turn }) => turn !== undefined) === true) return turnChoices(choices);
  const items = schema.items && bytesReader(schema.items);
  if (items !== undefined) return turnItems(items);
  const fields = new Map<string, Turn>();
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const turn = bytesReader(field);
    if (turn !== undefined) fields.set(name, turn);
  }
  const { additionalProperties: more } = schema;
  const others = typeof more === 'object' ? bytesReader(more) : undefined;
  return fields.size === 0 && others === undefined ? undefined : turnFields(fields, others);
};

/** A copy of a value with base64 text in place of bytes. */
export const withBase64 = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  if (Array.isArray(value)) return value.map(withBase64);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withBase64(field)]));
};

/** Zeroes every byte array in a value. */
export const wipeBytes = (value: unknown): void => {
  if (value instanceof Uint8Array) value.fill(0);
  else if (Array.isArray(value)) for (const item of value) wipeBytes(item);
  else if (isObject(value)) for (const field of Object.values(value)) wipeBytes(field);
};

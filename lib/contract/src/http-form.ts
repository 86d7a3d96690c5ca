// How a public operation looks in HTTP, derived from its declaration: which fields of the input stand in the path, in the
// query and in the body, and whether a secret can go in or out as a body of raw bytes. The gate and the OpenAPI document
// both go by it.

import { allOperations } from './all-operations.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import type { HttpRoute, Operation } from './operation.ts';

/** Before the path of every operation. */
export const API_PREFIX = '/v1';

/** An operation that is public. */
export type PublicOperation = Operation & { readonly http: HttpRoute };

/** A field of the input and where it is found. */
export interface HttpField {
  readonly name: string;
  readonly in: 'path' | 'query' | 'body';
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

export interface HttpForm {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  readonly fields: readonly HttpField[];
  /** The field that a body of raw bytes is; the other fields of the body stand in the query then. */
  readonly rawInput?: string;
  /** The field that is sent as a body of raw bytes to whoever asks for one. */
  readonly rawOutput?: string;
}

/** Every public operation, in the order of their names. */
export const publicOperations: readonly PublicOperation[] = allOperations.filter(
  (operation): operation is PublicOperation => operation.http !== undefined,
);

/** Whether it may change something, so that asking twice has to be told from asking again: it takes an `Idempotency-Key`. */
export const takesIdempotencyKey = ({ kind, http }: PublicOperation): boolean =>
  kind === 'change' || (kind === 'release' && http.method !== 'GET');

const pathFieldsOf = ({ path }: HttpRoute): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');

/** The one field that is bytes. */
const singleBytesField = ({ properties = {} }: JsonSchema): string | undefined => {
  const found = Object.entries(properties).filter(([, schema]) => schema.type === 'bytes');
  return found.length === 1 ? found[0]?.[0] : undefined;
};

/** Derives the form. Throws TypeError for a path that names what is no field of the input. */
export const httpFormOf = (operation: PublicOperation): HttpForm => {
  const input = jsonSchemaOf(operation.input, 'input');
  const output = jsonSchemaOf(operation.output, 'output');
  const inPath = pathFieldsOf(operation.http);
  const { properties = {}, required = [] } = input;
  for (const name of inPath) {
    if (properties[name]?.type !== 'string') throw new TypeError(`${operation.name}: ${name} cannot stand in its path`);
  }
  const elsewhere = operation.http.method === 'GET' || operation.http.method === 'DELETE' ? 'query' : 'body';
  const fields = Object.entries(properties).map(([name, schema]): HttpField => {
    return { name, in: inPath.includes(name) ? 'path' : elsewhere, schema, isRequired: required.includes(name) };
  });
  const rawInput = elsewhere === 'body' ? singleBytesField(input) : undefined;
  const rawOutput = singleBytesField(output);
  return {
    input,
    output,
    fields,
    ...(rawInput !== undefined && { rawInput }),
    ...(rawOutput !== undefined && { rawOutput }),
  };
};

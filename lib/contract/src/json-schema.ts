// What of a JSON Schema (draft 2020-12, as zod writes it) this package looks at. Byte arrays, which JSON Schema does not
// know, carry the type `bytes`.

import * as z from 'zod';

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** The JSON Schema of what goes in or comes out. */
export const jsonSchemaOf = (form: z.ZodType, io: 'input' | 'output'): JsonSchema =>
  z.toJSONSchema(form, { unrepresentable: 'any', io }) as JsonSchema;

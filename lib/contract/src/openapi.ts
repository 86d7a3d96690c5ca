// The OpenAPI 3.1 document of the HTTP API, cut from the declarations of the public operations, so that it cannot say
// anything else than the gate does. Schemas are JSON Schema 2020-12, which OpenAPI 3.1 takes as they are.

import {
  API_PREFIX,
  type HttpField,
  type HttpForm,
  httpFormOf,
  type PublicOperation,
  publicOperations,
  takesIdempotencyKey,
} from './http-form.ts';
import { httpStatusOf } from './http-status.ts';
import type { JsonSchema } from './json-schema.ts';
import { commonRefusals } from './operation.ts';
import { type RefusalCode, refusals } from './refusals.ts';

type Json = Readonly<Record<string, unknown>>;

const PROBLEM = 'application/problem+json';
const RAW = 'application/octet-stream';

/** Refusals that the gate itself gives to anything. */
const gateRefusals: readonly RefusalCode[] = ['too-many-requests', 'too-large', 'busy'];

const base64Length = (bytes: number): number => 4 * Math.ceil(bytes / 3);

/** A schema with base64 text in place of bytes. */
const inJson = (schema: JsonSchema): Json => {
  if (schema.type === 'bytes') {
    return {
      type: 'string',
      contentEncoding: 'base64',
      ...(schema.minLength !== undefined && { minLength: base64Length(schema.minLength) }),
      ...(schema.maxLength !== undefined && { maxLength: base64Length(schema.maxLength) }),
      ...(schema.description !== undefined && { description: schema.description }),
    };
  }
  const { properties, items, oneOf, anyOf, additionalProperties, ...rest } = schema;
  const { $schema: _, ...plain } = rest as Json;
  return {
    ...plain,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, inJson(field)])),
    }),
    ...(items && { items: inJson(items) }),
    ...(oneOf && { oneOf: oneOf.map(inJson) }),
    ...(anyOf && { anyOf: anyOf.map(inJson) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? inJson(additionalProperties) : additionalProperties,
    }),
  };
};

const parameterOf = ({ name, in: place, schema, isRequired }: HttpField): Json => {
  const { description, ...form } = inJson(schema);
  return {
    name,
    in: place,
    // A path has all its parts, also where the operation can do without one.
    required: isRequired || place === 'path',
    ...(description !== undefined && { description }),
    schema: form,
  };
};

const bodySchema = (fields: readonly HttpField[]): Json => ({
  type: 'object',
  properties: Object.fromEntries(fields.map(({ name, schema }) => [name, inJson(schema)])),
  required: fields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
  additionalProperties: false,
});

const requestBody = ({ rawInput }: HttpForm, fields: readonly HttpField[]): Json => ({
  required: fields.some(({ isRequired }) => isRequired),
  content: {
    'application/json': { schema: bodySchema(fields) },
    ...(rawInput !== undefined && { [RAW]: { schema: { description: `\`${rawInput}\`, as it is` } } }),
  },
});

const problemResponses = (operation: PublicOperation): Json => {
  const codes = new Map<number, RefusalCode[]>();
  // What asks for no token is refused for none either, unless it says so itself.
  const common = commonRefusals.filter((code) => operation.http.isOpen !== true || code !== 'unauthenticated');
  for (const code of new Set([...common, ...gateRefusals, ...operation.refusals])) {
    const status = httpStatusOf[code];
    codes.set(status, [...(codes.get(status) ?? []), code]);
  }
  const responses = [...codes]
    .toSorted(([a], [b]) => a - b)
    .map(([status, some]) => [
      String(status),
      {
        description: some.map((code) => `\`${code}\`: ${refusals[code].text}`).join(' '),
        content: { [PROBLEM]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]);
  return Object.fromEntries(responses);
};

const operationObject = (operation: PublicOperation): Json => {
  const form = httpFormOf(operation);
  const inBody = form.fields.filter((field) => field.in === 'body');
  // With a raw body, what else would stand in it stands in the query.
  const besideRaw = form.rawInput === undefined ? [] : inBody.filter(({ name }) => name !== form.rawInput);
  return {
    operationId: operation.name,
    summary: operation.summary,
    ...(operation.description !== undefined && { description: operation.description }),
    tags: [operation.name.split('.')[0]],
    'x-capability': operation.capability,
    parameters: [
      ...form.fields.filter((field) => field.in !== 'body').map(parameterOf),
      ...besideRaw.map((field) => ({
        ...parameterOf({ ...field, in: 'query', isRequired: false }),
        description: `only with a body of ${RAW}`,
      })),
      { $ref: '#/components/parameters/RequestId' },
      ...(takesIdempotencyKey(operation) ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ],
    ...(inBody.length > 0 && { requestBody: requestBody(form, inBody) }),
    responses: {
      200: {
        description: 'Done.',
        content: {
          'application/json': { schema: inJson(form.output) },
          ...(form.rawOutput !== undefined && {
            [RAW]: { schema: { description: `\`${form.rawOutput}\`, as it is; sent if asked for by Accept` } },
          }),
        },
      },
      ...problemResponses(operation),
    },
    ...(operation.http.isOpen === true && { security: [] }),
  };
};

const problemSchema: Json = {
  description: 'RFC 9457',
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri', description: '`urn:chatelaine:refusal:CODE`' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'what is wrong, without anything that was sent' },
    code: { type: 'string', enum: Object.keys(refusals).toSorted(), description: 'stable' },
    field: { type: 'string', description: 'the field of the input that is wrong, as a dotted path' },
    hint: { type: 'string', description: 'what to do' },
    requestId: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'code', 'requestId'],
};

const nonceObject: Json = {
  operationId: 'nonce',
  summary: 'A nonce of the keep, for a heartbeat.',
  tags: ['machines'],
  security: [],
  parameters: [{ $ref: '#/components/parameters/RequestId' }],
  responses: {
    200: {
      description: 'Good for half a minute.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: { nonce: { type: 'string', contentEncoding: 'base64' } },
            required: ['nonce'],
            additionalProperties: false,
          },
        },
      },
    },
    503: {
      description: `\`unavailable\`: ${refusals.unavailable.text}`,
      content: { [PROBLEM]: { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  },
};

/** The document. */
export const openApiDocument = (operations: readonly PublicOperation[] = publicOperations): Json => {
  const paths: Record<string, Record<string, Json>> = { '/nonce': { get: nonceObject } };
  for (const operation of operations) {
    const { method, path } = operation.http;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationObject(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chatelaine',
      version: '1',
      description:
        'Every public operation of the keep. Bytes in JSON are base64; a secret can also be sent and taken as a body of raw ' +
        'bytes. A name that has a "/" in it is sent as one segment of the path, with "%2F".',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API_PREFIX }],
    security: [{ token: [] }],
    paths: Object.fromEntries(Object.entries(paths).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'a token made by `chatelaine token create`' },
      },
      parameters: {
        RequestId: {
          name: 'X-Request-Id',
          in: 'header',
          description: 'names the request in the log; made up if absent, and sent back',
          schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
        },
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          description:
            'a change asked again with the same key within two minutes is made once and gives the same answer',
          schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{8,64}$' },
        },
      },
      schemas: { Problem: problemSchema },
    },
  };
};

/** Renders `docs/openapi.json`. */
export const renderOpenApi = (): string => `${JSON.stringify(openApiDocument(), undefined, 2)}\n`;

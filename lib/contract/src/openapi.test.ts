import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { allOperations } from './all-operations.ts';
import { httpFormOf, type PublicOperation, publicOperations } from './http-form.ts';
import { httpStatusOf } from './http-status.ts';
import { bytesReader, wipeBytes, withBase64 } from './json-bytes.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { openApiDocument } from './openapi.ts';
import { bytes, defineOperation } from './operation.ts';
import { refusals } from './refusals.ts';

type Json = Readonly<Record<string, unknown>>;

const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value));

/** Every object in a JSON value, with its place. */
function* objectsIn(value: unknown, place = '#'): Generator<readonly [string, Json]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [place, value as Json];
  for (const [name, part] of Object.entries(value)) yield* objectsIn(part, `${place}/${name}`);
}

const seal = defineOperation({
  name: 'test.seal',
  summary: 'Seals.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'PUT', path: '/boxes/{box}/content' },
  capability: 'test.seal',
  input: z.strictObject({ box: z.string(), content: bytes({ min: 1, max: 4 }), twice: z.boolean().optional() }),
  output: z.strictObject({ seal: bytes({ max: 8 }), at: z.number().int() }),
  refusals: ['disk-full'],
}) as PublicOperation;

describe('a public operation in HTTP', () => {
  test('has each field in one place, and a single field of bytes may be the body', () => {
    const form = httpFormOf(seal);
    assert.deepEqual(
      form.fields.map(({ name, in: place, isRequired }) => [name, place, isRequired]),
      [
        ['box', 'path', true],
        ['content', 'body', true],
        ['twice', 'body', false],
      ],
    );
    assert.equal(form.rawInput, 'content');
    assert.equal(form.rawOutput, 'seal');
  });

  test('cannot name in its path what is no field', () => {
    assert.throws(() => httpFormOf({ ...seal, http: { method: 'PUT', path: '/boxes/{bx}' } }), TypeError);
  });

  test('is no stream, and every two differ in method or path', () => {
    const places = publicOperations.map(({ http: { method, path } }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`);
    assert.equal(new Set(places).size, places.length);
    for (const { name, kind } of publicOperations) assert.notEqual(kind, 'stream', name);
    assert.ok(publicOperations.length < allOperations.length);
  });

  test('has in its query only what a query can say', () => {
    const scalars = ['string', 'integer', 'number', 'boolean'];
    for (const operation of publicOperations) {
      for (const field of httpFormOf(operation).fields.filter((some) => some.in === 'query')) {
        const { type } = field.schema.type === 'array' ? (field.schema.items ?? {}) : field.schema;
        assert.ok(typeof type === 'string' && scalars.includes(type), `${operation.name}: ${field.name}`);
      }
    }
  });

  test('asks for a token unless its input itself proves who asks, or helps to', () => {
    const open = publicOperations.filter(({ http }) => http.isOpen === true);
    assert.deepEqual(
      open.map(({ name }) => name),
      ['machines.challenge', 'machines.heartbeat', 'machines.login', 'sessions.challenge', 'sessions.login'],
    );
  });
});

describe('bytes in JSON', () => {
  const form = z.strictObject({
    key: bytes({ max: 9 }),
    text: z.string(),
    list: z.array(z.strictObject({ part: bytes({ max: 9 }) })),
    either: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('raw'), it: bytes({ max: 9 }) }),
      z.strictObject({ kind: z.literal('name'), it: z.string() }),
    ]),
  });
  const read = bytesReader(jsonSchemaOf(form, 'input'));

  test('come back as the bytes they were', () => {
    const value = {
      key: Uint8Array.of(0, 255),
      text: 'AAAA',
      list: [{ part: Uint8Array.of() }, { part: Uint8Array.of(1, 2, 3) }],
      either: { kind: 'raw', it: Uint8Array.of(7) },
    };
    assert.deepEqual(form.parse(read?.(asJson(withBase64(value)))), value);
    const named = { ...value, either: { kind: 'name', it: 'AAAA' } };
    assert.deepEqual(form.parse(read?.(asJson(withBase64(named)))), named);
  });

  test('are refused as such if they are no base64', () => {
    for (const wrong of ['A', 'AA', 'AA=A', 'AA-_', 'AA==\n', 7, null, {}, ['AA==']]) {
      const parsed = form.shape.key.safeParse((read?.({ key: wrong }) as Json | undefined)?.['key']);
      assert.equal(parsed.error?.issues[0]?.message, 'must be bytes', JSON.stringify(wrong));
    }
  });

  test('are all wiped', () => {
    const value = { a: Uint8Array.of(1), b: [{ c: Uint8Array.of(2) }], d: 'text', e: null };
    wipeBytes(value);
    assert.deepEqual(value, { a: Uint8Array.of(0), b: [{ c: Uint8Array.of(0) }], d: 'text', e: null });
  });
});

describe('the OpenAPI document', () => {
  const document = asJson(openApiDocument());
  const paths = document['paths'] as Record<string, Record<string, Json>>;

  test('names nothing that it does not define', () => {
    for (const [place, object] of objectsIn(document)) {
      const reference = object['$ref'];
      if (typeof reference !== 'string') continue;
      const parts = reference.replace(/^#\//, '').split('/');
      const found = parts.reduce<unknown>((at, part) => (at as Json | undefined)?.[part], document);
      assert.notEqual(found, undefined, `${place}: ${reference}`);
    }
  });

  test('has every public operation once, with its path parameters, and nothing else', () => {
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map((it) => it['operationId']));
    assert.deepEqual(ids.toSorted(), [...publicOperations.map(({ name }) => name), 'nonce'].toSorted());
    for (const [path, methods] of Object.entries(paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(methods)) {
        const parameters = operation['parameters'] as readonly Json[];
        const declared = parameters.filter((it) => it['in'] === 'path');
        assert.deepEqual(declared.map((it) => it['name']).toSorted(), inPath.toSorted(), path);
        assert.ok(declared.every((it) => it['required'] === true));
      }
    }
  });

  test('uses only types that JSON Schema knows', () => {
    const known = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null', 'http'];
    for (const [place, object] of objectsIn(document)) {
      const { type } = object;
      if (typeof type === 'string') assert.ok(known.includes(type), `${place}: ${type}`);
      assert.equal(object['$schema'], undefined, place);
    }
  });

  test('tells each refusal an operation may give, under its status', () => {
    for (const operation of publicOperations) {
      const { method, path } = operation.http;
      const responses = paths[path]?.[method.toLowerCase()]?.['responses'] as Record<string, Json>;
      for (const code of operation.refusals) {
        const response = responses[String(httpStatusOf[code])];
        assert.match(String(response?.['description']), new RegExp(`\`${code}\``), operation.name);
      }
    }
  });
});

test('every refusal has a status of its own kind: the caller is at fault, or the server', () => {
  assert.deepEqual(Object.keys(httpStatusOf).toSorted(), Object.keys(refusals).toSorted());
  for (const [code, status] of Object.entries(httpStatusOf)) assert.ok(status >= 400 && status < 600, code);
});

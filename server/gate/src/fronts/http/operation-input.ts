// From a request to the input of an operation. Each field has one place; what is in the wrong place, or in two, is refused.
// What it means is left to the operation's own schema.

import {
  bytesReader,
  type HttpForm,
  type JsonSchema,
  ok,
  type Refused,
  type Result,
  refuse,
} from '@chatelaine/contract';
import type { HttpContext } from './http-context.ts';
import type { RequestBodies, RequestBody } from './request-body.ts';

type Fields = Record<string, unknown>;

/** The input, and the body that it came in, to be released when it was answered. */
export interface ReadInput {
  readonly fields: Fields;
  readonly body?: RequestBody;
}

const wrong = (field: string, message: string): Refused => refuse('invalid-input', { field, message });

const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;

/** Text as the value it stands for; what stands for none stays text, which the schema refuses. */
const fromText = (text: string, { type }: JsonSchema): unknown => {
  if ((type === 'integer' || type === 'number') && NUMBER.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
};

const mediaTypeOf = (header: string | undefined): string => (header?.split(';')[0] ?? '').trim().toLowerCase();

/** Reads the inputs of one operation. */
export class OperationInput {
  readonly #form: HttpForm;
  readonly #bodies: RequestBodies;
  readonly #readBytes: ReturnType<typeof bytesReader>;
  readonly #inPath: readonly string[];
  readonly #query = new Map<string, JsonSchema>();
  readonly #takesBody: boolean;

  constructor(form: HttpForm, bodies: RequestBodies) {
    this.#form = form;
    this.#bodies = bodies;
    this.#readBytes = bytesReader(form.input);
    this.#inPath = form.fields.filter((field) => field.in === 'path').map(({ name }) => name);
    this.#takesBody = form.fields.some((field) => field.in === 'body');
    for (const field of form.fields) if (field.in !== 'path') this.#query.set(field.name, field.schema);
  }

  /** Refusals: `invalid-input`, and those of {@link RequestBodies.read}. The caller releases the body. */
  async read(context: HttpContext): Promise<Result<ReadInput>> {
    const path = Object.fromEntries(this.#inPath.map((name) => [name, context.req.param(name)]));
    if (!this.#takesBody) return this.#withQuery(context, path, undefined);
    const { incoming, outgoing } = context.env;
    const type = mediaTypeOf(incoming.headers['content-type']);
    const isRaw = type === 'application/octet-stream' && this.#form.rawInput !== undefined;
    if (!isRaw && type !== '' && type !== 'application/json') {
      const known = this.#form.rawInput === undefined ? '' : ' or application/octet-stream';
      return wrong('Content-Type', `must be application/json${known}`);
    }
    const body = await this.#bodies.read(incoming, outgoing);
    if (body.kind === 'refused') return body;
    const read = isRaw ? this.#withQuery(context, path, body.value) : this.#fromJson(context, path, body.value);
    if (read.kind === 'refused') this.#bodies.release(body.value);
    return read;
  }

  /** Everything beside the path stands in the query, but for a raw body. */
  #withQuery(context: HttpContext, path: Fields, body: RequestBody | undefined): Result<ReadInput> {
    const { rawInput } = this.#form;
    const fields: Fields = { ...path };
    for (const [name, texts] of Object.entries(context.req.queries())) {
      const schema = this.#query.get(name);
      if (schema === undefined || (body !== undefined && name === rawInput)) {
        return wrong('', 'the query has a field that is not declared');
      }
      if (schema.type === 'array') fields[name] = texts.map((text) => fromText(text, schema.items ?? {}));
      else if (texts.length > 1) return wrong(name, 'must be given once');
      else fields[name] = fromText(texts[0] ?? '', schema);
    }
    if (body === undefined || rawInput === undefined) return ok({ fields });
    fields[rawInput] = body.bytes;
    return ok({ fields, body });
  }

  #fromJson(context: HttpContext, path: Fields, body: RequestBody): Result<ReadInput> {
    if (context.req.url.includes('?')) return wrong('', 'the query must be empty');
    const given: unknown = body.bytes.length === 0 ? {} : parseJson(body.bytes);
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      return wrong('', 'the body must be a JSON object');
    }
    const twice = this.#inPath.find((name) => Object.hasOwn(given, name));
    if (twice !== undefined) return wrong(twice, 'stands in the path already');
    const fields = { ...((this.#readBytes?.(given) as Fields | undefined) ?? given), ...path };
    return ok({ fields, body });
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    return undefined;
  }
};

// What may be written of a value. Invariant: no byte array, no field named like a secret and nothing that an error carries
// besides its name, its words, its code and its stack gets through, at any depth.

const secretNames =
  /^(?:secret|secrets|key|keys|private_?key|root_?key|data_?key|psk|pass_?(?:phrase|word)|password|token|seed|pin|otp|authorization|cookie)$/i;

const maximalDepth = 6;
const maximalEntries = 100;

/** Node.js and JSON.parse quote what they were given; these are the places where they do so. */
const withoutQuotedInput = (message: string, code: unknown): string => {
  const cut = /^ERR_(?:UNKNOWN|INVALID)_/.test(String(code)) ? message.replace(/: [\s\S]*$/, ': […]') : message;
  return cut
    .replace(/\bReceived\b[\s\S]*$/, 'Received […]')
    .replace(/(?:\.\.\.)?"[\s\S]*" is not valid JSON/, '[…] is not valid JSON')
    .replace(/^(Unexpected token) (?:'[\s\S]+?'|"[\s\S]+?")/, '$1');
};

/** Only the frames: the lines above them repeat the message. */
const framesOf = (error: Error): string | undefined => {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? undefined : frames.map((line) => line.trim()).join('\n');
};

const redactedError = (error: Error, depth: number): object => {
  const { code, syscall, cause } = error as NodeJS.ErrnoException;
  const stack = framesOf(error);
  return {
    name: error.name,
    message: withoutQuotedInput(error.message, code),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof syscall === 'string' ? { syscall } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: redactedValue(cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: redactedValue(error.errors, depth + 1) } : {}),
  };
};

const redactedObject = (value: object, depth: number): unknown => {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return `[${value.byteLength} bytes]`;
  }
  if (value instanceof Error) return redactedError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[no date]' : value.toISOString();
  if (depth >= maximalDepth) return '[deeper]';
  if (Array.isArray(value)) {
    const items = value.slice(0, maximalEntries).map((item) => redactedValue(item, depth + 1));
    return value.length > maximalEntries ? [...items, `[${value.length - maximalEntries} more]`] : items;
  }
  if (value instanceof Set) return redactedObject([...value], depth);
  if (value instanceof Map) return redactedObject(Object.fromEntries(value), depth);
  // An object that is not plain data (a key, a socket, a locked buffer) is named and not opened.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`;
  return redactedEntries(value, depth);
};

const redactedValue = (value: unknown, depth: number): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  return typeof value === 'object' && value !== null ? redactedObject(value, depth) : value;
};

const redactedEntries = (value: object, depth: number): Record<string, unknown> => {
  const entries: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value).slice(0, maximalEntries)) {
    const isSecret = secretNames.test(name) && field !== undefined && field !== null;
    entries.push([name, isSecret && !ArrayBuffer.isView(field) ? '[redacted]' : redactedValue(field, depth + 1)]);
  }
  return Object.fromEntries(entries);
};

/**
 * A copy of `fields` that may be written: secret-named fields are `[redacted]`, byte arrays their length, errors their name,
 * words, code and frames, objects that are not plain data their class's name. An error given as `fields` becomes `err`.
 */
export const redactedFields = (fields: object): Record<string, unknown> =>
  fields instanceof Error ? { err: redactedError(fields, 0) } : redactedEntries(fields, 0);

// Operations on the values themselves. What hands one out is a release, also if it made it first.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';
import { formatParts } from './capabilities.ts';
import { formatNameSchema, MAX_VALUE_BYTES, passwordKeySchema, renderSchema } from './identity.ts';

const MAX_OPTION_BYTES = 65_536;

const isSendable = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.every(isSendable);
  if (typeof value !== 'object' || value === null) return value !== undefined;
  if (value instanceof Uint8Array) return false;
  return Object.entries(value).every(([name, item]) => name !== '$' && name !== '__proto__' && isSendable(item));
};

/** Options are of free names, which must not come back in a refusal: they are checked as one value. */
const isOptions = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && isSendable(value);

/** Options as Trocla has them. */
export const passwordOptionsSchema = z
  .custom<Readonly<Record<string, unknown>>>(isOptions, 'must be an object of JSON, without fields named "$"')
  .refine((options) => JSON.stringify(options).length <= MAX_OPTION_BYTES, `must be at most ${MAX_OPTION_BYTES} bytes`)
  .meta({ type: 'object' })
  .describe('`length`, `charset`, `random`, `profiles`, `expires` (seconds), `hash_only`, and those of the format');

const about = { key: passwordKeySchema, format: formatNameSchema };
const pathOf = (input: { readonly key: string }): string => input.key;
const value = bytes({ max: MAX_VALUE_BYTES });

export const get = defineOperation({
  name: 'passwords.get',
  summary: 'Hands out what is stored of a key in one format. Makes nothing.',
  kind: 'release',
  roles: ['admin'],
  http: { method: 'GET', path: '/passwords/{key}/{format}' },
  capability: 'passwords.get',
  parts: formatParts('passwords.get'),
  path: pathOf,
  input: z.strictObject({ ...about, render: renderSchema }),
  output: z.strictObject({ value }),
  refusals: ['not-found', 'shown-once', 'clock-behind', 'damaged', 'disk-full'],
});

export const create = defineOperation({
  name: 'passwords.create',
  summary: 'Hands out what is stored of a key in one format; if there is none, makes it, and the password if need be.',
  description:
    'However many ask at once, it is made once. A new password is never made for a key whose formats are in use: that is ' +
    '`plain-is-gone`. Options matter only when something is made.',
  kind: 'release',
  roles: ['admin'],
  http: { method: 'POST', path: '/passwords/{key}/{format}' },
  capability: 'passwords.create',
  parts: formatParts('passwords.create'),
  path: pathOf,
  input: z.strictObject({ ...about, render: renderSchema, options: passwordOptionsSchema.optional() }),
  output: z.strictObject({ value, isNew: z.boolean() }),
  refusals: ['not-found', 'plain-is-gone', 'shown-once', 'clock-behind', 'busy', 'too-large', 'damaged', 'disk-full'],
});

export const reset = defineOperation({
  name: 'passwords.reset',
  summary: 'Makes a value anew and hands it out.',
  description:
    'Of `plain` it is a new random password; `derived` says what becomes of the other formats. Of another format it is ' +
    'derived again from the password there is. What is replaced can be rolled back to for a time.',
  kind: 'release',
  roles: ['admin'],
  http: { method: 'POST', path: '/passwords/{key}/{format}/reset' },
  capability: 'passwords.reset',
  parts: formatParts('passwords.reset'),
  path: pathOf,
  input: z.strictObject({
    ...about,
    render: renderSchema,
    options: passwordOptionsSchema.optional(),
    derived: z
      .enum(['drop', 'keep'])
      .optional()
      .describe(
        'of `plain`: the other formats go (as they do if it is absent), or stay as they are until each is reset',
      ),
  }),
  output: z.strictObject({ value: value.optional().describe('absent: the key shows its password once only') }),
  refusals: ['not-found', 'plain-is-gone', 'clock-behind', 'busy', 'too-large', 'damaged', 'disk-full'],
});

export const set = defineOperation({
  name: 'passwords.set',
  summary: 'Stores a password that somebody brings along, in one format.',
  description:
    'The format is applied to it, unless `asIs` says that it is a value of that format already. Storing `plain` drops every ' +
    'other format; formats that make keys of their own take the key. What is replaced can be rolled back to for a time.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'PUT', path: '/passwords/{key}/{format}' },
  capability: 'passwords.set',
  parts: formatParts('passwords.set'),
  path: pathOf,
  input: z.strictObject({
    ...about,
    value: bytes({ min: 1, max: MAX_VALUE_BYTES }),
    asIs: z.boolean().optional().describe('it is a value of that format already'),
    options: passwordOptionsSchema.optional(),
  }),
  output: z.strictObject({}),
  refusals: ['plain-is-gone', 'clock-behind', 'busy', 'too-large', 'damaged', 'disk-full'],
});

export const remove = defineOperation({
  name: 'passwords.delete',
  summary: 'Deletes one format of a key and hands out what it was. It cannot be rolled back to.',
  description: 'With the last format goes the key. A password that is shown once only is deleted without being shown.',
  kind: 'release',
  roles: ['admin'],
  http: { method: 'DELETE', path: '/passwords/{key}/{format}' },
  capability: 'passwords.delete',
  parts: formatParts('passwords.delete'),
  path: pathOf,
  input: z.strictObject({ ...about, render: renderSchema }),
  output: z.strictObject({ value: value.optional() }),
  refusals: ['not-found', 'busy', 'damaged', 'disk-full'],
});

/** A value under the name of its format. */
export const namedValueSchema = z.strictObject({ format: formatNameSchema, value });

export const removeKey = defineOperation({
  name: 'passwords.delete-key',
  summary: 'Deletes a key with all its formats and hands them out. It cannot be rolled back to.',
  kind: 'release',
  roles: ['admin'],
  http: { method: 'DELETE', path: '/passwords/{key}' },
  capability: 'passwords.delete',
  path: pathOf,
  input: z.strictObject({ key: passwordKeySchema }),
  output: z.strictObject({ values: z.array(namedValueSchema), periodSeconds: z.number().optional() }),
  refusals: ['not-found', 'busy', 'damaged', 'disk-full'],
});

// The way in and the way out: whole keys, from another store and to it.

import * as z from 'zod';
import { defineOperation } from '../operation.ts';
import { passwordKeySchema } from './identity.ts';
import { namedValueSchema } from './values.ts';

/** Most keys of one `passwords.import`: they fit one transaction of any store. */
export const MAX_MOVED_AT_ONCE = 14;

const expiry = z
  .strictObject({
    atUnixMs: z.number().min(0).optional(),
    periodSeconds: z.number().min(0).optional().describe('begins anew with every change'),
  })
  .optional();

const wholeKey = z.strictObject({
  key: passwordKeySchema,
  values: z
    .array(namedValueSchema)
    .min(1)
    .max(64)
    .refine(
      (values) => new Set(values.map(({ format }) => format)).size === values.length,
      'must name each format once',
    ),
  expiry,
});

/** A key with everything in it. */
export type WholeKey = z.infer<typeof wholeKey>;

const keys = z.array(wholeKey).min(1).max(MAX_MOVED_AT_ONCE);

export const compare = defineOperation({
  name: 'passwords.compare',
  summary: 'Tells what an import of these keys would do, and after it whether they arrived exactly. Changes nothing.',
  kind: 'read',
  roles: ['admin'],
  capability: 'passwords.import',
  input: z.strictObject({ keys }),
  output: z.strictObject({
    found: z
      .array(z.enum(['absent', 'same', 'different']))
      .describe('in the order of the keys: whether they are stored, value for value, with the same expiry'),
  }),
  refusals: ['damaged'],
});

export const importKeys = defineOperation({
  name: 'passwords.import',
  summary: 'Takes over keys from another store, all of them or none.',
  description: 'Values are kept byte for byte, also under names that no format has.',
  kind: 'change',
  roles: ['admin'],
  capability: 'passwords.import',
  input: z.strictObject({
    keys,
    replace: z.boolean().describe('put them in place of keys that are there already and differ'),
  }),
  output: z.strictObject({ stored: z.number().int(), unchanged: z.number().int() }),
  refusals: ['already-exists', 'too-large', 'damaged', 'disk-full'],
});

export const exportKey = defineOperation({
  name: 'passwords.export',
  summary: 'Hands out a key with all its formats, for another store. A password that is shown once only stays here.',
  kind: 'release',
  roles: ['admin'],
  capability: 'passwords.export',
  path: ({ key }) => key,
  input: z.strictObject({ key: passwordKeySchema }),
  output: z.strictObject({ values: z.array(namedValueSchema), expiry }),
  refusals: ['not-found', 'clock-behind', 'damaged', 'disk-full'],
});

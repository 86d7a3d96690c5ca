// Operations on recovery codes: a few codes on paper, for the day on which a user's devices are lost. Each counts once.

import * as z from 'zod';
import { sourceSchema } from './one-time-codes.ts';
import { bytes, defineOperation } from './operation.ts';
import { userNameSchema } from './users.ts';

/** How many codes are made at once. */
export const CODES = 10;
/** Letters and digits that are not taken for each other on paper. */
export const CODE_ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
/** Of these a code has so many: 60 bits, which nobody guesses. */
export const CODE_LETTERS = 12;
const PRINTED_BYTES = 14;

const unixMs = z.number().int();
const nothing = z.strictObject({});
const byUser = z.strictObject({ user: userNameSchema });
const pathOf = ({ user }: { readonly user: string }): string => user;

export const make = defineOperation({
  name: 'recovery.make',
  summary: 'Makes new recovery codes for a user, in place of those that there were. They are answered this once.',
  kind: 'change',
  roles: ['admin'],
  capability: 'recovery.manage',
  path: pathOf,
  input: byUser,
  output: z.strictObject({
    codes: z.array(bytes({ max: PRINTED_BYTES })).describe('as they are written down: three groups of four'),
  }),
  refusals: ['not-found', 'disk-full'],
});

export const verify = defineOperation({
  name: 'recovery.verify',
  summary: 'Checks a recovery code that somebody gives. Each is accepted once.',
  description:
    'An accepted code is spent, durably, before this is answered. Whether the user exists, has codes, gave a wrong one or one ' +
    'that was used: the same is answered. Wrong ones are not counted: nobody guesses one.',
  kind: 'release',
  roles: ['admin', 'gate'],
  http: { method: 'POST', path: '/recovery/verify' },
  capability: 'recovery.verify',
  path: pathOf,
  input: byUser.extend({
    code: z.string().max(64).describe('blanks and dashes are left out, upper and lower case are the same'),
    source: sourceSchema.optional(),
  }),
  output: z.strictObject({ left: z.number().int().describe('codes that were not used') }),
  refusals: ['wrong-code', 'disk-full', 'busy', 'damaged'],
});

export const status = defineOperation({
  name: 'recovery.status',
  summary: 'Tells how many recovery codes a user has left.',
  kind: 'read',
  roles: ['admin'],
  capability: 'recovery.read',
  path: pathOf,
  input: byUser,
  output: z.strictObject({
    state: z
      .enum(['none', 'active', 'void'])
      .describe('void: a backup was restored since, and nobody knows which were used; make new ones'),
    left: z.number().int(),
    createdAtUnixMs: unixMs.optional(),
    lastUsedAtUnixMs: unixMs.optional(),
  }),
  refusals: ['not-found', 'damaged'],
});

export const remove = defineOperation({
  name: 'recovery.remove',
  summary: 'Removes all recovery codes of a user.',
  kind: 'change',
  roles: ['admin'],
  capability: 'recovery.manage',
  path: pathOf,
  input: byUser,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

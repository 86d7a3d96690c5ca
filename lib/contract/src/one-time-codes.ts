// What operations on one-time codes have in common, by counter (`hotp`) or by time (`totp`).

import * as z from 'zod';
import { importIdSchema, keyNameSchema, MAX_KEY_BYTES, MIN_KEY_BYTES } from './aes.ts';
import { bytes, defineOperation } from './operation.ts';
import { userNameSchema } from './users.ts';

/** What a credential of a user is called; `default` if they have one only. */
const credentialNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, ".", "_" and "-"');

/** How many credentials of one kind a user has at most. */
export const MAX_CREDENTIALS = 8;

/** Hash functions of a code. RFC 4226 has the first; RFC 6238 all three. */
const codeAlgorithms = ['sha1', 'sha256', 'sha512'] as const;

/** Where the person is who gives a code. */
export const sourceSchema = z
  .strictObject({
    address: z
      .string()
      .max(100)
      .regex(/^[0-9A-Za-z.:%_-]*$/, 'must be a numeric address'),
  })
  .describe('where the person is who gives the code, as whoever asks knows it; nobody checks that');

const unixMs = z.number().int();
const nothing = z.strictObject({});
const byName = z.strictObject({ user: userNameSchema, credential: credentialNameSchema });
/** Where grants for a credential are looked for. */
export const pathOfCredential = ({
  user,
  credential,
}: {
  readonly user: string;
  readonly credential: string;
}): string => `${user}/${credential}`;

/** What every enrolment says. */
export const enrolmentFields = {
  ...byName.shape,
  secret: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('new'),
        sizeBytes: z.number().int().min(MIN_KEY_BYTES).max(MAX_KEY_BYTES).describe('20, 32 and 64 are customary'),
      }),
      z.strictObject({ kind: z.literal('given'), value: bytes({ min: MIN_KEY_BYTES, max: MAX_KEY_BYTES }) }),
      z.strictObject({ kind: z.literal('key'), key: keyNameSchema }),
    ])
    .describe('a new seed, which is answered this once; one that a device has; or a key that is linked to the module'),
  digits: z.number().int().min(6).max(8),
  algorithm: z.enum(codeAlgorithms),
};

/** What every credential is shown with. */
export const credentialFields = {
  user: z.string(),
  credential: z.string(),
  state: z
    .enum(['unconfirmed', 'active', 'waits'])
    .describe(
      'unconfirmed: no code of it was seen yet, or its import was not completed; waits: a backup was restored, and it has to be synchronized anew',
    ),
  digits: z.number().int(),
  algorithm: z.enum(codeAlgorithms),
  createdAtUnixMs: unixMs,
  lastUsedAtUnixMs: unixMs.optional(),
  triesLeft: z.number().int().describe('before codes from places that are not known are refused for a time'),
};

const codeSchema = z.string().max(32);
const rowSchema = (least: number) => z.array(codeSchema).min(least).max(3).describe('consecutive codes, oldest first');

/** Declares `MODULE.verify`. */
export const verifyOperation = (module: string) =>
  defineOperation({
    name: `${module}.verify`,
    summary: 'Checks a code that somebody gives. A code is accepted once.',
    description:
      'An accepted code is spent, durably, before this is answered. Whether the user exists, has such a credential, gave a ' +
      'wrong code, one that was used, or too many wrong ones of late: the same is answered.',
    kind: 'release',
    roles: ['admin', 'gate'],
    http: { method: 'POST', path: `/${module}/verify` },
    capability: `${module}.verify`,
    path: ({ user }) => user,
    input: z.strictObject({
      user: userNameSchema,
      code: codeSchema.describe('digits; one blank or dash among them is left out'),
      credential: credentialNameSchema.optional().describe('absent: any of the user'),
      source: sourceSchema.optional(),
    }),
    output: z.strictObject({ credential: z.string() }),
    refusals: ['wrong-code', 'clock-behind', 'disk-full', 'busy', 'damaged'],
  });

/** Declares `MODULE.confirm`. */
export const confirmOperation = (module: string, least: number) =>
  defineOperation({
    name: `${module}.confirm`,
    summary: 'Makes a new credential count, once its device has shown that it has the seed.',
    kind: 'change',
    roles: ['admin'],
    http: { method: 'POST', path: `/users/{user}/${module}/{credential}/confirm` },
    capability: `${module}.manage`,
    path: pathOfCredential,
    input: byName.extend({ codes: rowSchema(least) }),
    output: nothing,
    refusals: ['not-found', 'wrong-code', 'clock-behind', 'disk-full'],
  });

/** Declares `MODULE.resync`. */
export const resyncOperation = (module: string) =>
  defineOperation({
    name: `${module}.resync`,
    summary: 'Finds a device again that went astray, or that waits after a restore, by consecutive codes of it.',
    kind: 'change',
    roles: ['admin'],
    http: { method: 'POST', path: `/users/{user}/${module}/{credential}/resync` },
    capability: `${module}.manage`,
    path: pathOfCredential,
    input: byName.extend({ codes: rowSchema(2) }),
    output: nothing,
    refusals: ['not-found', 'wrong-code', 'clock-behind', 'disk-full'],
  });

/** Declares `MODULE.remove`. */
export const removeOperation = (module: string) =>
  defineOperation({
    name: `${module}.remove`,
    summary: 'Removes a credential; a seed that was made for it is destroyed.',
    kind: 'change',
    roles: ['admin'],
    http: { method: 'DELETE', path: `/users/{user}/${module}/{credential}` },
    capability: `${module}.manage`,
    path: pathOfCredential,
    input: byName,
    output: nothing,
    refusals: ['not-found', 'disk-full'],
  });

/** Declares `MODULE.allow-tries`. */
export const allowTriesOperation = (module: string) =>
  defineOperation({
    name: `${module}.allow-tries`,
    summary: 'Forgets the wrong codes that were given for a user, so that they may try again at once.',
    kind: 'change',
    roles: ['admin'],
    http: { method: 'POST', path: `/users/{user}/${module}/allow-tries` },
    capability: `${module}.manage`,
    path: ({ user }) => user,
    input: z.strictObject({ user: userNameSchema }),
    output: nothing,
    refusals: ['disk-full'],
  });

/** A credential as it moves: what its device counts with, besides what only one kind has. */
const movedFields = {
  seed: bytes({ min: MIN_KEY_BYTES, max: MAX_KEY_BYTES }),
  digits: z.number().int().min(6).max(8),
  algorithm: z.enum(codeAlgorithms),
};

/** Most credentials of one `MODULE.import`: they fit one transaction of any store. */
export const MAX_IMPORTED_AT_ONCE = 8;

/** Declares `MODULE.import`. */
export const importOperation = <Own extends z.ZodRawShape>(module: string, own: Own) =>
  defineOperation({
    name: `${module}.import`,
    summary:
      'Takes over credentials from another system, all of them or none. They count once their import is complete.',
    description:
      'An import of any size is taken up in pieces, under one name that whoever imports makes up. None of it counts before ' +
      '`aes.complete-import` was answered, and then all of it does, without a code of the device. What an import that was never ' +
      'completed left behind can be taken up again, enrolled over, or removed.',
    kind: 'change',
    roles: ['admin'],
    capability: `${module}.import`,
    input: z.strictObject({
      import: importIdSchema,
      credentials: z
        .array(z.strictObject({ ...byName.shape, ...movedFields, ...own }))
        .min(1)
        .max(MAX_IMPORTED_AT_ONCE),
    }),
    output: nothing,
    refusals: ['not-found', 'already-exists', 'too-large', 'disk-full', 'damaged'],
  });

/** Declares `MODULE.export`. */
export const exportOperation = <Own extends z.ZodRawShape>(module: string, own: Own) =>
  defineOperation({
    name: `${module}.export`,
    summary: 'Hands out the seed of a credential, for another system. It goes on counting here.',
    kind: 'release',
    roles: ['admin'],
    capability: `${module}.export`,
    path: pathOfCredential,
    input: byName,
    output: z.strictObject({ ...movedFields, ...own }),
    refusals: ['not-found', 'disk-full', 'damaged'],
  });

/** What a listing asks for. */
export const listingInput = z.strictObject({
  user: userNameSchema.optional().describe('absent: of everybody, users in no meaningful order'),
  limit: z.number().int().min(1).max(500).describe('of users'),
  cursor: z.string().max(4_096).optional(),
});

// Operations on YubiKeys, and on the codes that they make.

import * as z from 'zod';
import { sourceSchema } from '../one-time-codes.ts';
import { bytes, defineOperation } from '../operation.ts';
import { userNameSchema } from '../users.ts';

/** How many keys a user has at most. */
export const MAX_YUBIKEYS = 8;
export const PRIVATE_ID_BYTES = 6;
export const YUBIKEY_AES_BYTES = 16;

/** The letters in front of every code of a key: not secret, and no other key has them. */
export const publicIdSchema = z
  .string()
  .regex(/^([cbdefghijklnrtuv]{2}){1,8}$/, 'must be 2 to 16 modhex letters, an even number')
  .describe('modhex, customarily 12 letters');

const otpSchema = z.string().max(100).describe('as the key types it, 32 to 48 letters');
const unixMs = z.number().int();
const byId = z.strictObject({ user: userNameSchema, publicId: publicIdSchema });
/** A key that is there, also one that was brought along without a user. */
const existing = z.strictObject({
  user: userNameSchema.optional().describe('whose; absent: nobody’s'),
  publicId: z.string().regex(/^[cbdefghijklnrtuv]{0,16}$/, 'must be up to 16 modhex letters'),
});
const nothing = z.strictObject({});
const changed = z.strictObject({ changed: z.boolean().describe('false: it was so before') });
const pathOf = ({ user, publicId }: { readonly user?: string | undefined; readonly publicId: string }): string =>
  `${user ?? 'keys'}/${publicId}`;

const counters = {
  counter: z.number().int().describe('how often the key was powered up; -1: it was never seen'),
  use: z.number().int().describe('codes it made since then; -1: it was never seen'),
};

const view = z.strictObject({
  user: z.string().optional().describe('absent: it is nobody’s'),
  publicId: z.string(),
  state: z
    .enum(['unconfirmed', 'active', 'disabled', 'waits'])
    .describe(
      'unconfirmed: no code of it was seen yet; waits: a backup was restored, and it has to be synchronized anew',
    ),
  ...counters,
  createdAtUnixMs: unixMs,
  lastUsedAtUnixMs: unixMs.optional(),
});

/** A key as it is shown: never its secrets. */
export type YubikeyView = z.infer<typeof view>;

export const enroll = defineOperation({
  name: 'yubiotp.enroll',
  summary: 'Gives a user a YubiKey. It counts once it was confirmed.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'PUT', path: '/users/{user}/yubikeys/{publicId}' },
  capability: 'yubiotp.manage',
  path: pathOf,
  input: byId.extend({
    secret: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('new') }),
        z.strictObject({
          kind: z.literal('given'),
          privateId: bytes({ min: PRIVATE_ID_BYTES, max: PRIVATE_ID_BYTES }),
          key: bytes({ min: YUBIKEY_AES_BYTES, max: YUBIKEY_AES_BYTES }),
        }),
      ])
      .describe('new secrets, which are answered this once and programmed into the key; or those that it has'),
  }),
  output: z.strictObject({
    made: z
      .strictObject({ privateId: bytes({ max: PRIVATE_ID_BYTES }), key: bytes({ max: YUBIKEY_AES_BYTES }) })
      .optional()
      .describe('of new secrets only'),
  }),
  refusals: ['not-found', 'already-exists', 'too-large', 'disk-full'],
});

export const verify = defineOperation({
  name: 'yubiotp.verify',
  summary: 'Checks a code of a YubiKey. A code is accepted once, and none that the key made before it any more.',
  description:
    'An accepted code is spent, durably, before this is answered. A code of a key that is not the named user’s is refused and ' +
    'not spent. Whether key or user is unknown or the code is wrong: the same is answered. `replayed` says that the code is ' +
    'right and was used.',
  kind: 'release',
  roles: ['admin', 'gate'],
  http: { method: 'POST', path: '/yubiotp/verify' },
  capability: 'yubiotp.verify',
  path: ({ user }) => user ?? '',
  input: z.strictObject({
    otp: otpSchema,
    user: userNameSchema.optional().describe('whose key it has to be; absent: anybody’s'),
    source: sourceSchema.optional(),
  }),
  output: z.strictObject({
    user: z.string().optional().describe('absent: the key is nobody’s'),
    publicId: z.string(),
    ...counters,
    timestamp: z.number().int().describe('the clock of the key, 8 a second, 24 bits'),
  }),
  refusals: ['wrong-code', 'replayed', 'disk-full', 'busy', 'damaged'],
});

const shows = existing.extend({ otp: otpSchema });

export const confirm = defineOperation({
  name: 'yubiotp.confirm',
  summary: 'Makes a new key count, once it has made a code.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/users/{user}/yubikeys/{publicId}/confirm' },
  capability: 'yubiotp.manage',
  path: pathOf,
  input: shows,
  output: nothing,
  refusals: ['not-found', 'wrong-code', 'replayed', 'disk-full'],
});

export const resync = defineOperation({
  name: 'yubiotp.resync',
  summary: 'Lets a key count again that waits after a restore; the code has to be a new one.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/users/{user}/yubikeys/{publicId}/resync' },
  capability: 'yubiotp.manage',
  path: pathOf,
  input: shows,
  output: nothing,
  refusals: ['not-found', 'wrong-code', 'replayed', 'disk-full'],
});

export const remove = defineOperation({
  name: 'yubiotp.remove',
  summary: 'Removes a key and destroys its secrets.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'DELETE', path: '/users/{user}/yubikeys/{publicId}' },
  capability: 'yubiotp.manage',
  path: pathOf,
  input: existing,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const enable = defineOperation({
  name: 'yubiotp.enable',
  summary: 'Accepts codes again of a key that was switched off.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage',
  path: pathOf,
  input: existing,
  output: changed,
  refusals: ['not-found', 'disk-full'],
});

export const disable = defineOperation({
  name: 'yubiotp.disable',
  summary: 'Switches a key off: its codes are as wrong as those of a key that is not there. Its counters stay.',
  kind: 'change',
  roles: ['admin'],
  capability: 'yubiotp.manage',
  path: pathOf,
  input: existing,
  output: changed,
  refusals: ['not-found', 'disk-full'],
});

export const list = defineOperation({
  name: 'yubiotp.list',
  summary: 'Lists YubiKeys, those of one user or all, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/yubikeys' },
  capability: 'yubiotp.read',
  path: ({ user }) => user ?? '',
  input: z.strictObject({
    user: userNameSchema.optional(),
    limit: z.number().int().min(1).max(500),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.strictObject({ keys: z.array(view), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

// Operations on a directory: users whose passwords an LDAP server keeps, OpenLDAP or Active Directory. RFC 4511.

import * as z from 'zod';
import { sourceSchema } from './one-time-codes.ts';
import { bytes, defineOperation } from './operation.ts';
import { userNameSchema } from './users.ts';

/** What a user has to give besides the password. */
export const codeKinds = ['none', 'totp', 'hotp', 'yubiotp'] as const;

const MAX_PASSWORD_BYTES = 1_024;

const entryNameSchema = z
  .string()
  .min(1)
  .max(256)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not contain control characters')
  .refine((name) => name.isWellFormed(), 'must be whole characters');

const unixMs = z.number().int();
const nothing = z.strictObject({});
const byUser = z.strictObject({ user: userNameSchema });
const pathOf = ({ user }: { readonly user: string }): string => user;

const view = z.strictObject({
  user: z.string(),
  name: z.string(),
  code: z.enum(codeKinds),
  createdAtUnixMs: unixMs,
  lastUsedAtUnixMs: unixMs.optional(),
  triesLeft: z.number().int().describe('before passwords from places that are not known are refused for a time'),
});

/** The directory's entry of a user, as it is shown. */
export type DirectoryEntryView = z.infer<typeof view>;

export const set = defineOperation({
  name: 'ldap.set',
  summary: 'Says which entry of the directory is a user’s, and which code they have to give besides its password.',
  description: 'Replaces what was said before. The directory is not asked.',
  kind: 'change',
  roles: ['admin'],
  capability: 'ldap.manage',
  path: pathOf,
  input: byUser.extend({
    name: entryNameSchema.describe('what the settings make a DN, a principal or a filter of'),
    code: z.enum(codeKinds),
  }),
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const unset = defineOperation({
  name: 'ldap.unset',
  summary: 'A user has no entry in the directory any more; nothing of theirs is changed there.',
  kind: 'change',
  roles: ['admin'],
  capability: 'ldap.manage',
  path: pathOf,
  input: byUser,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const list = defineOperation({
  name: 'ldap.list',
  summary: 'Lists users who have an entry in the directory, one or all, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin'],
  capability: 'ldap.read',
  path: ({ user }) => user ?? '',
  input: z.strictObject({
    user: userNameSchema.optional(),
    limit: z.number().int().min(1).max(500),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.strictObject({ entries: z.array(view), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const verify = defineOperation({
  name: 'ldap.verify',
  summary: 'Checks the password of a user with the directory, and their one-time code, in one.',
  description:
    'The code is spent, durably, only if the password was right too. Whether the user exists, has an entry, gave a wrong ' +
    'password, no or a wrong code, or too many wrong ones of late: the same is answered. If the directory does not answer, ' +
    'nothing is spent. Who gave the right password and code may be told that the directory bars the account.',
  kind: 'release',
  roles: ['admin', 'gate'],
  http: { method: 'POST', path: '/ldap/verify' },
  capability: 'ldap.verify',
  path: pathOf,
  input: byUser.extend({
    password: bytes({ min: 1, max: MAX_PASSWORD_BYTES }),
    code: z.string().max(100).optional().describe('of the kind that was set for the user, as a person types it'),
    source: sourceSchema.optional(),
  }),
  output: z.strictObject({
    name: z.string(),
    code: z
      .string()
      .optional()
      .describe('what made it, as `totp/default`; of a YubiKey its public id behind `yubiotp/`'),
  }),
  refusals: [
    'wrong-credentials',
    'password-expired',
    'account-barred',
    'directory-unavailable',
    'clock-behind',
    'disk-full',
    'busy',
    'damaged',
  ],
});

export const allowTries = defineOperation({
  name: 'ldap.allow-tries',
  summary: 'Forgets the wrong passwords that were given for a user, so that they may try again at once.',
  kind: 'change',
  roles: ['admin'],
  capability: 'ldap.manage',
  path: pathOf,
  input: byUser,
  output: nothing,
  refusals: ['disk-full'],
});

export const setBindPassword = defineOperation({
  name: 'ldap.set-bind-password',
  summary: 'Keeps the password of the account that looks entries up; an empty one takes it away.',
  kind: 'change',
  roles: ['admin'],
  capability: 'ldap.manage',
  input: z.strictObject({ password: bytes({ max: MAX_PASSWORD_BYTES }) }),
  output: nothing,
  refusals: ['disk-full'],
});

/** What can be wrong with a server of the directory. */
export const directoryProblems = [
  'unreachable',
  'timed-out',
  'no-tls',
  'untrusted',
  'wrong-name',
  'certificate-expired',
  'ca-file',
  'bind-refused',
  'no-bind-password',
  'base-not-found',
  'refused',
  'broken-off',
  'malformed',
] as const;

export type DirectoryProblem = (typeof directoryProblems)[number];

export const test = defineOperation({
  name: 'ldap.test',
  summary: 'Asks each server of the directory as for a user’s password, but for nobody’s, and says what is wrong.',
  kind: 'read',
  roles: ['admin'],
  capability: 'ldap.read',
  input: nothing,
  output: z.strictObject({
    servers: z.array(
      z.strictObject({
        server: z.string(),
        problem: z.enum(directoryProblems).optional(),
        detail: z.string().optional().describe('in the words of the system or the server'),
        tookMs: z.number().int(),
      }),
    ),
  }),
  refusals: ['busy', 'damaged'],
});

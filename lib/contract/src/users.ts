// Operations on users: people, with the groups they are in and the ways in which they prove who they are.

import * as z from 'zod';
import { bytes, defineOperation } from './operation.ts';
import { granteeNameSchema } from './policy.ts';

/** Names are case-insensitive: they are kept, compared and shown in lower case. */
export const userNameSchema = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, ".", "_" and "-"')
  .describe('1 to 64 letters, digits, `.`, `_` and `-`; upper and lower case are the same');

const sshKeySchema = z
  .string()
  .max(8_192)
  .regex(/^\S+ [A-Za-z0-9+/]+={0,2}( .*)?$/, 'must be one line as in an SSH public key file')
  .describe('type, base64 and comment, as in a `.pub` file of ssh-keygen(1)');

const groupsSchema = z
  .array(granteeNameSchema)
  .max(64)
  .refine((groups) => new Set(groups).size === groups.length, 'a group is named twice');

/** Whether somebody gives a one-time code to log in. */
const codeAtLoginSchema = z
  .enum(['optional', 'required', 'enough'])
  .describe(
    'required: besides every other proof; enough: a code alone will do; one that is given has to be right anyway',
  );

export type CodeAtLogin = z.infer<typeof codeAtLoginSchema>;

const unixMs = z.number().int();

const userView = z.strictObject({
  name: z.string(),
  fullName: z.string(),
  groups: z.array(z.string()),
  state: z.enum(['enabled', 'disabled']),
  createdAtUnixMs: unixMs,
  sshKeys: z.array(z.strictObject({ publicKey: z.string(), fingerprint: z.string() })),
  hasPassPhrase: z.boolean(),
  codeAtLogin: codeAtLoginSchema,
});

/** A user as it is shown: never what a pass phrase is checked against. */
export type UserView = z.infer<typeof userView>;

const byName = z.strictObject({ name: userNameSchema });
const nothing = z.strictObject({});
const pathOf = ({ name }: { readonly name: string }): string => name;

export const add = defineOperation({
  name: 'users.add',
  summary: 'Adds a user, who can prove nothing yet.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/users' },
  capability: 'users.manage',
  path: pathOf,
  input: z.strictObject({ name: userNameSchema, fullName: z.string().max(200), groups: groupsSchema }),
  output: userView,
  refusals: ['already-exists', 'disk-full'],
});

export const remove = defineOperation({
  name: 'users.remove',
  summary: 'Removes a user; every session of theirs is over.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'DELETE', path: '/users/{name}' },
  capability: 'users.manage',
  path: pathOf,
  input: byName,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const enable = defineOperation({
  name: 'users.enable',
  summary: 'Lets a user in again.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/users/{name}/enable' },
  capability: 'users.manage',
  path: pathOf,
  input: byName,
  output: z.strictObject({ changed: z.boolean() }),
  refusals: ['not-found', 'disk-full'],
});

export const disable = defineOperation({
  name: 'users.disable',
  summary:
    'Keeps a user out: no login, and every session of theirs is good for nothing from the moment this is answered.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/users/{name}/disable' },
  capability: 'users.manage',
  path: pathOf,
  input: byName,
  output: z.strictObject({ changed: z.boolean() }),
  refusals: ['not-found', 'disk-full'],
});

export const setGroups = defineOperation({
  name: 'users.set-groups',
  summary: 'Sets the groups a user is in; what is granted to a group is granted to them.',
  kind: 'change',
  roles: ['admin'],
  capability: 'users.manage',
  path: pathOf,
  input: z.strictObject({ name: userNameSchema, groups: groupsSchema }),
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const addKey = defineOperation({
  name: 'users.add-key',
  summary: 'Adds an SSH public key, by which the user can log in.',
  kind: 'change',
  roles: ['admin'],
  capability: 'users.manage',
  path: pathOf,
  input: z.strictObject({ name: userNameSchema, publicKey: sshKeySchema }),
  output: z.strictObject({ fingerprint: z.string() }),
  refusals: ['not-found', 'already-exists', 'too-large', 'disk-full'],
});

export const removeKey = defineOperation({
  name: 'users.remove-key',
  summary: 'Takes an SSH public key away.',
  kind: 'change',
  roles: ['admin'],
  capability: 'users.manage',
  path: pathOf,
  input: z.strictObject({ name: userNameSchema, fingerprint: z.string().max(100) }),
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const setPassPhrase = defineOperation({
  name: 'users.set-pass-phrase',
  summary: 'Sets the pass phrase by which the user can log in; an empty one takes it away.',
  kind: 'change',
  roles: ['admin'],
  capability: 'users.manage',
  path: pathOf,
  input: z.strictObject({ name: userNameSchema, passPhrase: bytes({ max: 1_024 }) }),
  output: nothing,
  refusals: ['not-found', 'weak-pass-phrase', 'busy', 'disk-full'],
});

export const setCodeAtLogin = defineOperation({
  name: 'users.set-code-at-login',
  summary: 'Says whether a user gives a one-time code to log in.',
  kind: 'change',
  roles: ['admin'],
  capability: 'users.manage',
  path: pathOf,
  input: byName.extend({ codeAtLogin: codeAtLoginSchema }),
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const show = defineOperation({
  name: 'users.show',
  summary: 'Shows one user.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/users/{name}' },
  capability: 'users.read',
  path: pathOf,
  input: byName,
  output: userView,
  refusals: ['not-found', 'damaged'],
});

export const list = defineOperation({
  name: 'users.list',
  summary: 'Lists users, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/users' },
  capability: 'users.read',
  input: z.strictObject({ limit: z.number().int().min(1).max(500), cursor: z.string().max(4_096).optional() }),
  output: z.strictObject({ users: z.array(userView), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

// Operations on the policy: who may use which capability on which path. What components of our own may do is fixed, and so
// is the grant of the founding administrator; everybody else's grants are records.

import * as z from 'zod';
import { machineNameSchema } from './machines/identity.ts';
import { defineOperation } from './operation.ts';

/** The name of a token or group. */
export const granteeNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, ".", "_" and "-"');

const MACHINE = 'machine:';

/** Whether it is one of `kinds`, a colon and a name; the name of a machine is one of machines. */
const isOneOf = (kinds: readonly string[], text: string): boolean => {
  if (text.startsWith(MACHINE)) {
    return kinds.includes('machine') && machineNameSchema.safeParse(text.slice(MACHINE.length)).success;
  }
  const [, kind = ''] = /^([a-z]+):[a-z0-9][a-z0-9._-]{0,63}$/.exec(text) ?? [];
  return kinds.includes(kind);
};

/** Who can be granted something. */
const granteeSchema = z
  .string()
  .refine(
    (text) => isOneOf(['admin', 'token', 'user', 'group', 'machine', 'type'], text),
    'must be admin:NAME, token:NAME, user:NAME, group:NAME, machine:NAME or type:NAME',
  )
  .describe('`admin:NAME`, `token:NAME`, `user:NAME`, `group:NAME`, `machine:NAME`, or `type:NAME` of machines');

/** A capability, or several by a pattern. */
export const capabilitySchema = z
  .string()
  .max(100)
  .regex(
    /^(\*|[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*(\.\*)?)$/,
    'must be a capability, such as machines.read, machines.* or *',
  )
  .describe('such as `machines.read`; `machines.*` are all of a feature, `*` all there are');

/** A glob over paths. */
export const pathGlobSchema = z
  .string()
  .min(1)
  .max(1_024)
  .refine(
    (glob) =>
      glob.isWellFormed() && glob.split('/').every((part) => part !== '' && (!part.includes('**') || part === '**')),
    'must be segments joined by "/": "*" stands for anything within one, "**" alone for any number of them',
  )
  .describe('segments joined by `/`; `*` is anything within a segment, `**` any number of segments');

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);
const grantKey = { principal: granteeSchema, capability: capabilitySchema, path: pathGlobSchema };
const expiry = unixMs.optional().describe('absent: it does not end');
const grantSchema = z.strictObject({ ...grantKey, expiresAtUnixMs: expiry });
const grantKeySchema = z.strictObject(grantKey);

/** A grant as it is made. */
export type NewGrant = z.infer<typeof grantSchema>;

/** What tells one grant from another. */
export type GrantKey = z.infer<typeof grantKeySchema>;

const grantView = z.strictObject({
  ...grantKey,
  grantedAtUnixMs: unixMs.optional(),
  expiresAtUnixMs: expiry,
  isFixed: z.boolean().describe('the founding grant, which cannot be revoked'),
});

/** A grant as it is shown. */
export type GrantView = z.infer<typeof grantView>;

/** Most grants of one principal or group. */
export const MAX_GRANTS = 256;

/** Most grants made and revoked by one `policy.apply`, and most principals among them: they fit one transaction of any store. */
export const MAX_CHANGES = 500;
export const MAX_CHANGED_PRINCIPALS = 24;

export const test = defineOperation({
  name: 'policy.test',
  summary: 'Explains whether a principal may use a capability on a path. Changes nothing.',
  kind: 'read',
  roles: ['admin'],
  capability: 'policy.read',
  input: z.strictObject({
    principal: z
      .string()
      .refine(
        (text) => isOneOf(['admin', 'gate', 'watch', 'bus', 'courier', 'token', 'user', 'machine'], text),
        'must be KIND:NAME, such as gate:gate',
      )
      .describe('`kind:name`, such as `gate:gate` or `token:ci`'),
    capability: z.string().min(1).max(100),
    path: z.string().max(1_024),
  }),
  output: z.strictObject({ allowed: z.boolean(), because: z.string() }),
  refusals: ['damaged'],
});

export const grant = defineOperation({
  name: 'policy.grant',
  summary: 'Lets a principal or group use a capability on some paths.',
  description:
    'A grant never widens what may be asked at all: a token, user or machine asks only what is public. Granted again, only its end changes.',
  kind: 'change',
  roles: ['admin'],
  capability: 'policy.manage',
  path: ({ principal }) => principal,
  input: grantSchema,
  output: z.strictObject({ changed: z.boolean().describe('false: it stood like this before') }),
  refusals: ['too-large', 'disk-full'],
});

export const revoke = defineOperation({
  name: 'policy.revoke',
  summary: 'Takes a grant back. It is gone from the moment this is answered.',
  kind: 'change',
  roles: ['admin'],
  capability: 'policy.manage',
  path: ({ principal }) => principal,
  input: grantKeySchema,
  output: z.strictObject({}),
  refusals: ['not-found', 'disk-full'],
});

export const list = defineOperation({
  name: 'policy.list',
  summary: 'Lists grants, all or those of one principal or group, one page at a time.',
  description: 'A page holds all grants of each of its principals, at most `limit` of them.',
  kind: 'read',
  roles: ['admin'],
  capability: 'policy.read',
  input: z.strictObject({
    principal: granteeSchema.optional(),
    limit: z.number().int().min(1).max(100),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.strictObject({ grants: z.array(grantView), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const apply = defineOperation({
  name: 'policy.apply',
  summary: 'Makes and revokes several grants, all of them or none.',
  kind: 'change',
  roles: ['admin'],
  capability: 'policy.manage',
  input: z
    .strictObject({
      grant: z.array(grantSchema).max(MAX_CHANGES),
      revoke: z.array(grantKeySchema).max(MAX_CHANGES),
    })
    .refine(
      (input) =>
        new Set([...input.grant, ...input.revoke].map(({ principal }) => principal)).size <= MAX_CHANGED_PRINCIPALS,
      `grant, revoke: must name at most ${MAX_CHANGED_PRINCIPALS} principals together`,
    ),
  output: z.strictObject({ granted: z.number().int(), revoked: z.number().int() }),
  refusals: ['not-found', 'too-large', 'disk-full'],
});

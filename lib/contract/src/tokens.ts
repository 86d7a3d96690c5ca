// Operations on tokens: the credentials of scripts and services. A token is 256 random bits, shown once; the keep knows only
// its hash. What it may do are grants, like anybody's.

import * as z from 'zod';
import { bytes, defineOperation } from './operation.ts';
import { capabilitySchema, granteeNameSchema, pathGlobSchema } from './policy.ts';

/** Begins every token, so that one that went astray is recognized. */
export const TOKEN_PREFIX = 'cht_';

/** How long a token is good if nobody says otherwise: 90 days. */
export const TOKEN_LIFE_MS = 90 * 86_400_000;

const unixMs = z.number().int();
const groups = z.array(granteeNameSchema).max(8).describe('what is granted to these groups is granted to it too');

const tokenView = z.strictObject({
  name: granteeNameSchema,
  state: z.enum(['valid', 'expired', 'revoked']),
  groups,
  createdAtUnixMs: unixMs,
  expiresAtUnixMs: unixMs.optional().describe('absent: it does not expire'),
  revokedAtUnixMs: unixMs.optional(),
});

/** A token as it is shown: never the token itself. */
export type TokenView = z.infer<typeof tokenView>;

export const create = defineOperation({
  name: 'tokens.create',
  summary: 'Makes a token and shows it, once.',
  description:
    'Grants for `token:NAME` are made with it; whatever an earlier token of the same name was granted is gone. The name of ' +
    'a token that is valid is taken.',
  kind: 'change',
  roles: ['admin'],
  capability: 'tokens.manage',
  path: ({ name }) => `token:${name}`,
  input: z.strictObject({
    name: granteeNameSchema,
    expiresInMs: z
      .number()
      .int()
      .min(1_000)
      .max(10 * 365 * 86_400_000)
      .nullable()
      .describe('null: it does not expire'),
    groups,
    grants: z.array(z.strictObject({ capability: capabilitySchema, path: pathGlobSchema })).max(64),
  }),
  output: z.strictObject({
    token: bytes({ min: 40, max: 64 }).describe('ASCII text, to be sent as a bearer token'),
    expiresAtUnixMs: unixMs.optional(),
  }),
  refusals: ['already-exists', 'clock-behind', 'disk-full'],
});

export const list = defineOperation({
  name: 'tokens.list',
  summary: 'Lists tokens, one page at a time, in no meaningful order; also those that are not good any more.',
  kind: 'read',
  roles: ['admin'],
  capability: 'tokens.read',
  input: z.strictObject({ limit: z.number().int().min(1).max(500), cursor: z.string().max(4_096).optional() }),
  output: z.strictObject({ tokens: z.array(tokenView), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const revoke = defineOperation({
  name: 'tokens.revoke',
  summary: 'Takes a token back: it is good for nothing from the moment this is answered. Its grants go with it.',
  kind: 'change',
  roles: ['admin'],
  capability: 'tokens.manage',
  path: ({ name }) => `token:${name}`,
  input: z.strictObject({ name: granteeNameSchema }),
  output: z.strictObject({ changed: z.boolean().describe('false: it was revoked before') }),
  refusals: ['not-found', 'disk-full'],
});

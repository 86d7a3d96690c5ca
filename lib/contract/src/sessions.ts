// Operations on logins: somebody proves who they are and gets a token that is good for some hours.

import * as z from 'zod';
import { bytes, defineOperation } from './operation.ts';
import { userNameSchema } from './users.ts';

/** How long a login lasts if nobody says otherwise: 12 hours. */
export const SESSION_LIFE_MS = 12 * 3_600_000;

/** Namespace of a signature that logs in. ssh-keygen(1), `-Y sign -n`. */
export const LOGIN_NAMESPACE = 'login@chatelaine';

/** The exact bytes that a login by SSH key signs: one line a field, UTF-8, each ended by a newline. */
export const loginText = (
  storeId: string,
  user: string,
  { nonce, clientNonce }: { readonly nonce: Uint8Array; readonly clientNonce: Uint8Array },
): Uint8Array => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const lines = [`store: ${storeId}`, `user: ${user}`, `nonce: ${hex(nonce)}`, `client: ${hex(clientNonce)}`];
  return new TextEncoder().encode(['chatelaine login v1', ...lines, ''].join('\n'));
};

const sessionIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hexadecimal digits');

const codeSchema = z.string().max(100).describe('digits, or what a YubiKey types');

export const challenge = defineOperation({
  name: 'sessions.challenge',
  summary: 'Gives what a login by SSH key has to sign; good for half a minute.',
  kind: 'read',
  roles: ['admin', 'gate'],
  http: { method: 'POST', path: '/sessions/challenge', isOpen: true },
  capability: 'sessions.login',
  input: z.strictObject({}),
  output: z.strictObject({ storeId: z.string(), nonce: bytes({ min: 32, max: 32 }) }),
  refusals: [],
});

export const login = defineOperation({
  name: 'sessions.login',
  summary:
    'Logs a user in: a token comes back that is good for some hours, until it is revoked or the user is kept out.',
  description:
    'By an SSH signature over the text of the challenge, in the namespace `login@chatelaine`, or by pass phrase, either with a ' +
    'one-time code if the user needs one; or by a code alone, if that is enough for the user. A code is spent with the login, ' +
    'durably, before this is answered. Whether the user exists, is disabled, proved nothing or needs a code, the same is answered.',
  kind: 'release',
  roles: ['admin', 'gate'],
  http: { method: 'POST', path: '/sessions', isOpen: true },
  capability: 'sessions.login',
  input: z.strictObject({
    user: userNameSchema,
    proof: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('ssh-signature'),
        nonce: bytes({ min: 32, max: 32 }).describe('of the challenge'),
        clientNonce: bytes({ min: 16, max: 16 }).describe('random, made by whoever logs in; never used again'),
        signature: bytes({ min: 1, max: 16_384 }).describe('the binary SSHSIG blob, without its armour'),
        code: codeSchema.optional(),
      }),
      z.strictObject({
        kind: z.literal('pass-phrase'),
        passPhrase: bytes({ min: 1, max: 1_024 }),
        code: codeSchema.optional(),
      }),
      z.strictObject({ kind: z.literal('one-time-code'), code: codeSchema }),
    ]),
    lifeMs: z
      .number()
      .int()
      .min(1_000)
      .max(7 * 86_400_000)
      .describe('how long it is to last'),
  }),
  output: z.strictObject({
    token: bytes({ min: 40, max: 64 }).describe('ASCII text, to be sent as a bearer token'),
    session: sessionIdSchema,
    expiresAtUnixMs: z.number().int(),
  }),
  refusals: ['clock-behind', 'busy', 'disk-full'],
});

const sessionView = z.strictObject({
  session: sessionIdSchema,
  user: z.string(),
  by: z.enum(['ssh-signature', 'pass-phrase', 'one-time-code']),
  code: z.string().optional().describe('what made the one-time code that was given, such as `totp/default`'),
  createdAtUnixMs: z.number().int(),
  expiresAtUnixMs: z.number().int(),
});

/** A login as it is shown: never its token. */
export type SessionView = z.infer<typeof sessionView>;

export const list = defineOperation({
  name: 'sessions.list',
  summary: 'Lists the logins that are good now, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin'],
  capability: 'sessions.read',
  input: z.strictObject({ limit: z.number().int().min(1).max(500), cursor: z.string().max(4_096).optional() }),
  output: z.strictObject({ sessions: z.array(sessionView), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const revoke = defineOperation({
  name: 'sessions.revoke',
  summary: 'Ends a login: its token is good for nothing from the moment this is answered.',
  kind: 'change',
  roles: ['admin'],
  capability: 'sessions.manage',
  input: z.strictObject({ session: sessionIdSchema }),
  output: z.strictObject({}),
  refusals: ['not-found', 'disk-full'],
});

export const logout = defineOperation({
  name: 'sessions.logout',
  summary: 'Ends the login that asks.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'DELETE', path: '/sessions/own' },
  capability: 'sessions.logout',
  input: z.strictObject({}),
  output: z.strictObject({}),
  refusals: ['not-found', 'disk-full'],
});

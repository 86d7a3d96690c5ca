// Tokens: 256 random bits, of which only a hash is kept. A token is found by its hash, so that nothing is compared byte by
// byte; the names of records are blinded, so that the store does not show the hash either. Whether a token is unknown, past
// its end or revoked, the same is read and the same is answered. Revoked is written in the record: absence never grants.

import { hash } from 'node:crypto';
import { ok, type Result, refuse, tokens } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from './module-transaction.ts';
import type { Principal } from './principal.ts';
import type { Moment } from './release/decision.ts';

const TOKEN_BYTES = 32;

const tokenForm = defineRecord(
  'token',
  z.strictObject({
    format: z.literal(1),
    name: z.string(),
    groups: z.array(z.string()),
    createdAtUnixMs: z.number().int(),
    expiresAtUnixMs: z.number().int().optional(),
    revokedAtUnixMs: z.number().int().optional(),
  }),
);
const nameForm = defineRecord('token name', z.strictObject({ format: z.literal(1), digest: z.string() }));

/** A token as it is kept. */
export type TokenRecord = z.infer<typeof tokenForm.schema>;

const PREFIX = 'tokens';
const pathOf = (digest: string): string => `${PREFIX}/${digest}`;
const pathOfName = (name: string): string => `token-names/${name}`;
/** Read in place of what is not there. */
const DECOY = 'token-decoys/decoy';
/** Read, and never there, in place of a decoy. */
const NOTHING = 'token-decoys/nothing';

const digestOf = (token: Uint8Array): string => hash('sha256', token, 'hex');

/** How a token stands at a moment. */
export const stateOfToken = (
  { expiresAtUnixMs, revokedAtUnixMs }: Pick<TokenRecord, 'expiresAtUnixMs' | 'revokedAtUnixMs'>,
  nowUnixMs: number,
): tokens.TokenView['state'] => {
  if (revokedAtUnixMs !== undefined) return 'revoked';
  return expiresAtUnixMs !== undefined && expiresAtUnixMs <= nowUnixMs ? 'expired' : 'valid';
};

const principalOf = ({ name, groups }: TokenRecord): Principal => ({ role: 'token', identity: name, groups });

/** Whose token this is. While the clock is behind, no token is good: one that expired must not come back. */
export const authenticateToken = async (
  tx: ModuleTransaction,
  token: Uint8Array,
  moment: Moment,
): Promise<Result<Principal>> => {
  if (moment.clockBehindMs > 0) return refuse('clock-behind');
  const record = await tx.get(tokenForm, pathOf(digestOf(token)));
  const isGood = record !== undefined && stateOfToken(record, moment.nowUnixMs) === 'valid';
  if (isGood) return ok(principalOf(record));
  await tx.get(tokenForm, record === undefined ? DECOY : NOTHING);
  return refuse('unauthenticated');
};

/** A token by its name, with the digest that it is found by. */
export const findToken = async (
  tx: ModuleTransaction,
  name: string,
): Promise<{ readonly digest: string; readonly record: TokenRecord } | undefined> => {
  const named = await tx.get(nameForm, pathOfName(name));
  const record = named && (await tx.get(tokenForm, pathOf(named.digest)));
  return named && record && { digest: named.digest, record };
};

/** Tokens, a page at a time. */
export const listTokens = async (
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly tokens: readonly TokenRecord[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(tokenForm, PREFIX, page);
  const found = records.map(({ value }) => value);
  return cursor === undefined ? { tokens: found } : { tokens: found, cursor };
};

/** Puts a new token on record, in the place of an earlier one of its name; gives the token, which the caller wipes. */
export const createToken = async (
  tx: ModuleTransaction,
  random: (sizeBytes: number) => Buffer,
  record: TokenRecord,
): Promise<Buffer> => {
  const secret = random(TOKEN_BYTES);
  const token = Buffer.from(`${tokens.TOKEN_PREFIX}${secret.toString('base64url')}`);
  secret.fill(0);
  const earlier = await findToken(tx, record.name);
  if (earlier !== undefined) tx.delete(pathOf(earlier.digest));
  const digest = digestOf(token);
  tx.put(tokenForm, pathOf(digest), record);
  tx.put(nameForm, pathOfName(record.name), { format: 1, digest });
  if ((await tx.get(tokenForm, DECOY)) === undefined) {
    tx.put(tokenForm, DECOY, { ...record, name: 'decoy', groups: [], revokedAtUnixMs: record.createdAtUnixMs });
  }
  return token;
};

/** Writes into a token's record that it is good for nothing any more. */
export const revokeToken = (tx: ModuleTransaction, digest: string, record: TokenRecord, nowUnixMs: number): void =>
  tx.put(tokenForm, pathOf(digest), { ...record, revokedAtUnixMs: nowUnixMs });

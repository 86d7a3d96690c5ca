// Logins: a token of 256 random bits each, of which only a hash is kept, as with tokens of services. A login belongs to the
// stretch of its user: it is over when the user is kept out or removed, and does not come back with them.

import { hash } from 'node:crypto';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

/** Begins every token of a login. */
export const SESSION_PREFIX = 'chs_';
const TOKEN_BYTES = 32;
const ID_BYTES = 8;

const sessionForm = defineRecord(
  'session',
  z.strictObject({
    format: z.literal(1),
    session: z.string(),
    user: z.string(),
    stretch: z.string(),
    by: z.enum(['ssh-signature', 'pass-phrase', 'one-time-code']),
    /** What made the one-time code that was given. */
    code: z.string().optional(),
    createdAtUnixMs: z.number().int(),
    expiresAtUnixMs: z.number().int(),
    /** Absence never grants: a login that is over says so. */
    endedAtUnixMs: z.number().int().optional(),
    /** The epoch of the store in which it began; absent: the first. It is over with it. */
    epoch: z.number().int().optional(),
  }),
);
const idForm = defineRecord('session id', z.strictObject({ format: z.literal(1), digest: z.string() }));

export type SessionRecord = z.infer<typeof sessionForm.schema>;

const FOLDER = 'sessions';
const pathOf = (digest: string): string => `${FOLDER}/${digest}`;
const pathOfId = (id: string): string => `ids/${id}`;

export const digestOf = (token: Uint8Array): string => hash('sha256', token, 'hex');

export const isGood = (record: SessionRecord, nowUnixMs: number): boolean =>
  record.endedAtUnixMs === undefined && nowUnixMs < record.expiresAtUnixMs;

export const readSession = (tx: ModuleTransaction, digest: string): Promise<SessionRecord | undefined> =>
  tx.get(sessionForm, pathOf(digest));

/** A login by its id. */
export const findSession = async (
  tx: ModuleTransaction,
  id: string,
): Promise<{ readonly digest: string; readonly record: SessionRecord } | undefined> => {
  const named = await tx.get(idForm, pathOfId(id));
  const record = named && (await readSession(tx, named.digest));
  return named && record && { digest: named.digest, record };
};

/** Puts a new login on record; gives its token, which the caller wipes. */
export const createSession = (
  tx: ModuleTransaction,
  random: (sizeBytes: number) => Buffer,
  login: Omit<SessionRecord, 'format' | 'session'>,
): { readonly token: Buffer; readonly session: string } => {
  const secret = random(TOKEN_BYTES);
  const token = Buffer.from(`${SESSION_PREFIX}${secret.toString('base64url')}`);
  secret.fill(0);
  const session = random(ID_BYTES).toString('hex');
  const digest = digestOf(token);
  tx.put(sessionForm, pathOf(digest), { format: 1, session, ...login });
  tx.put(idForm, pathOfId(session), { format: 1, digest });
  return { token, session };
};

/** Writes into a login's record that it is over. */
export const endSession = (tx: ModuleTransaction, digest: string, record: SessionRecord, nowUnixMs: number): void =>
  tx.put(sessionForm, pathOf(digest), { ...record, endedAtUnixMs: nowUnixMs });

/** Logins, a page at a time. */
export const listSessions = async (
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly sessions: readonly SessionRecord[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(sessionForm, FOLDER, page);
  const found = records.map(({ value }) => value);
  return cursor === undefined ? { sessions: found } : { sessions: found, cursor };
};

// What is kept of the tokens that machines were given: for each a record by its hash, and by each machine's name which ones it
// has, so that there is never more than a handful of them. A token belongs to a stretch of its machine: it is over when the
// machine is disabled, runs out of time, is removed or gets another key, and does not come back with it.

import { hash } from 'node:crypto';
import { machines } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';
import type { MachineRecord } from './machine-record.ts';

const TOKEN_BYTES = 32;
/** Most tokens of one machine that are good at once; with one more, the oldest is over. */
const MOST_AT_ONCE = 16;

const loginForm = defineRecord(
  'machine login',
  z.strictObject({
    format: z.literal(1),
    name: z.string(),
    /** Of the machine's time: when it was enrolled and last enabled. */
    stretch: z.string(),
    /** The key that was proved. */
    keyId: z.string(),
    expiresAtUnixMs: z.number().int(),
    /** The epoch of the store in which it began; it is over with it. */
    epoch: z.number().int(),
  }),
);
const loginsOfOneForm = defineRecord(
  'machine logins',
  z.strictObject({
    format: z.literal(1),
    logins: z.array(z.strictObject({ digest: z.string(), expiresAtUnixMs: z.number().int() })),
  }),
);

export type LoginRecord = z.infer<typeof loginForm.schema>;

const pathOf = (digest: string): string => `logins/${digest}`;
const pathOfMachine = (name: string): string => `logins-of/${name}`;
const digestOf = (token: Uint8Array): string => hash('sha256', token, 'hex');

/** The stretch that a machine is in: another one each time that a person enables it. */
export const stretchOf = ({ createdAtUnixMs, enabledAtUnixMs }: MachineRecord): string =>
  `${createdAtUnixMs}/${enabledAtUnixMs ?? 0}`;

export const readLogin = (tx: ModuleTransaction, token: Uint8Array): Promise<LoginRecord | undefined> =>
  tx.get(loginForm, pathOf(digestOf(token)));

/** Puts a login on record, and clears away those of its machine that are over; gives its token, which the caller wipes. */
export const createLogin = async (
  tx: ModuleTransaction,
  random: (sizeBytes: number) => Buffer,
  login: Omit<LoginRecord, 'format'>,
  nowUnixMs: number,
): Promise<Buffer> => {
  const secret = random(TOKEN_BYTES);
  const token = Buffer.from(`${machines.MACHINE_TOKEN_PREFIX}${secret.toString('base64url')}`);
  secret.fill(0);
  const known = (await tx.get(loginsOfOneForm, pathOfMachine(login.name)))?.logins ?? [];
  const good = known.filter(({ expiresAtUnixMs }) => nowUnixMs < expiresAtUnixMs).slice(1 - MOST_AT_ONCE);
  for (const { digest } of known) if (!good.some((kept) => kept.digest === digest)) tx.delete(pathOf(digest));
  const digest = digestOf(token);
  const logins = [...good, { digest, expiresAtUnixMs: login.expiresAtUnixMs }];
  tx.put(loginsOfOneForm, pathOfMachine(login.name), { format: 1, logins });
  tx.put(loginForm, pathOf(digest), { format: 1, ...login });
  return token;
};

/** Deletes the logins of a machine that is removed. */
export const deleteLogins = async (tx: ModuleTransaction, name: string): Promise<void> => {
  const known = await tx.get(loginsOfOneForm, pathOfMachine(name));
  if (known === undefined) return;
  for (const { digest } of known.logins) tx.delete(pathOf(digest));
  tx.delete(pathOfMachine(name));
};

// What is kept about a YubiKey, found by its public id; and the public ids of a user's keys. Forms: docs/formats/otp.md.

import { ok, type Result, refuse, type yubiotp } from '@chatelaine/contract';
import * as z from 'zod';
import type { ModuleServices } from '../../kernel/module.ts';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

const unixMs = z.number().int();

const keyForm = defineRecord(
  'YubiKey',
  z.strictObject({
    format: z.literal(1),
    user: z.string(),
    /** When its user was added; of another user of the same name it is none. */
    since: unixMs,
    /** The key of the user in the module `aes` that its codes are encrypted with. */
    key: z.string(),
    privateId: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    /** It has made a code. Absence grants nothing. */
    confirmed: z.boolean(),
    /** Of the last code that was accepted, -1 before any. */
    counter: z.number().int(),
    use: z.number().int(),
    timestamp: z.number().int().optional(),
    createdAtUnixMs: unixMs,
    lastUsedAtUnixMs: unixMs.optional(),
    /** The epoch of the store in which the counters were found. */
    epoch: z.number().int(),
  }),
);
const userForm = defineRecord(
  'YubiKeys of a user',
  z.strictObject({ format: z.literal(1), since: unixMs, publicIds: z.array(z.string()) }),
);

export type YubikeyRecord = z.infer<typeof keyForm.schema>;
export type YubikeysOfUser = z.infer<typeof userForm.schema>;

const FOLDER = 'keys';
const pathOf = (publicId: string): string => `${FOLDER}/${publicId}`;
const pathOfUser = (user: string): string => `users/${user}`;

export const readYubikey = (tx: ModuleTransaction, publicId: string): Promise<YubikeyRecord | undefined> =>
  tx.get(keyForm, pathOf(publicId));

export const putYubikey = (tx: ModuleTransaction, publicId: string, record: YubikeyRecord): void =>
  tx.put(keyForm, pathOf(publicId), record);

export const deleteYubikey = (tx: ModuleTransaction, publicId: string): void => tx.delete(pathOf(publicId));

/** The keys of whoever has the name now; a former user's are none. */
export const yubikeysOf = async (
  { ask }: ModuleServices,
  tx: ModuleTransaction,
  user: string,
): Promise<Result<YubikeysOfUser>> => {
  const person = await ask('users', 'person', tx, { name: user });
  if (person.kind === 'refused') return refuse('not-found');
  const { since } = person.value as { readonly since: number };
  const record = await tx.get(userForm, pathOfUser(user));
  return ok(record?.since === since ? record : { format: 1, since, publicIds: [] });
};

export const putYubikeysOf = (tx: ModuleTransaction, user: string, record: YubikeysOfUser): void => {
  if (record.publicIds.length === 0) tx.delete(pathOfUser(user));
  else tx.put(userForm, pathOfUser(user), record);
};

/** One page of all keys. */
export const listYubikeys = async (
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly found: readonly { publicId: string; record: YubikeyRecord }[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(keyForm, FOLDER, page);
  const found = records.map(({ path, value }) => ({ publicId: path.slice(FOLDER.length + 1), record: value }));
  return cursor === undefined ? { found } : { found, cursor };
};

export const viewOfYubikey = (publicId: string, record: YubikeyRecord, epoch: number): yubiotp.YubikeyView => {
  const { user, confirmed, counter, use, createdAtUnixMs, lastUsedAtUnixMs } = record;
  return {
    ...{ user, publicId, counter, use, createdAtUnixMs },
    state: !confirmed ? 'unconfirmed' : record.epoch === epoch ? 'active' : 'waits',
    ...(lastUsedAtUnixMs !== undefined && { lastUsedAtUnixMs }),
  };
};

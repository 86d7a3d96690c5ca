// What is kept about a YubiKey, found by its public id; and the public ids of a user's keys. Forms: docs/formats/otp.md.

import { ok, type Result, refuse, type yubiotp } from '@chatelaine/contract';
import * as z from 'zod';
import type { ModuleServices } from '../../kernel/module.ts';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';
import { isPending } from '../../otp/pending-import.ts';
import type { Token } from './open-token.ts';

const unixMs = z.number().int();
const bytesOfRecord = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** What both formats have. */
const fields = {
  /** It has made a code, or came with its counters from where it was in use. Absence grants nothing. */
  confirmed: z.boolean(),
  /** Of the last code that was accepted, -1 before any. */
  counter: z.number().int(),
  use: z.number().int(),
  /** The clock of the key in that code: 24 bits, 8 a second. */
  timestamp: z.number().int().optional(),
  createdAtUnixMs: unixMs,
  lastUsedAtUnixMs: unixMs.optional(),
  /** The epoch of the store in which the counters were found. */
  epoch: z.number().int(),
};

const holder = z.strictObject({
  user: z.string(),
  /** When its user was added; of another user of the same name it is none. */
  since: unixMs,
  /** The key of the user in the module `aes` that its codes are encrypted with. */
  key: z.string(),
});

const present = z.strictObject({
  ...fields,
  format: z.literal(2),
  /** Whose it is. Absent: it is nobody's, and the module has its AES key itself. */
  holder: holder.optional(),
  /** Of a key that is nobody's, 16 bytes. A key with neither is known by its counters alone: its codes are not opened here. */
  aesKey: bytesOfRecord.optional(),
  /** 6 bytes; there whenever its codes are opened here. */
  privateId: bytesOfRecord.optional(),
  /** Whether it is validated; what a validation server calls by that name. */
  active: z.boolean(),
  /** Of the request that gave the last accepted code. Absent: there was none. */
  nonce: z.string().optional(),
  /** When the counters were changed last. */
  modifiedAtUnixMs: unixMs,
  notes: z.string().optional(),
  /** The import that it came with: until that is complete it is as good as not there. */
  import: z.string().optional(),
  /** What a key storage module knows beside that. */
  ksm: z
    .strictObject({
      serialNumber: z.number().int(),
      /** As it was written. */
      created: z.string(),
      /** 6 bytes. */
      lockCode: bytesOfRecord,
      /** Who vouched for it: 8 hexadecimal digits of an OpenPGP key id, or nothing. */
      creator: z.string(),
      /** Whether its codes are decrypted for validation servers. */
      active: z.boolean(),
      hardware: z.boolean(),
    })
    .optional(),
});

const former = z
  .strictObject({ ...fields, ...holder.shape, format: z.literal(1), privateId: bytesOfRecord })
  .transform(({ user, since, key, format: _, ...rest }): z.infer<typeof present> => {
    const modifiedAtUnixMs = rest.lastUsedAtUnixMs ?? rest.createdAtUnixMs;
    return { ...rest, format: 2, holder: { user, since, key }, active: true, modifiedAtUnixMs };
  });

const keyForm = defineRecord('YubiKey', z.union([present, former]));
const userForm = defineRecord(
  'YubiKeys of a user',
  z.strictObject({ format: z.literal(1), since: unixMs, publicIds: z.array(z.string()) }),
);

export type YubikeyRecord = z.infer<typeof present>;
export type YubikeysOfUser = z.infer<typeof userForm.schema>;

const FOLDER = 'keys';
/** Stands for a public id of no letters: no segment of a path is empty. */
const NO_LETTERS = '-';
const pathOf = (publicId: string): string => `${FOLDER}/${publicId === '' ? NO_LETTERS : publicId}`;
const publicIdAt = (path: string): string => {
  const name = path.slice(FOLDER.length + 1);
  return name === NO_LETTERS ? '' : name;
};
const pathOfUser = (user: string): string => `users/${user}`;

/** What there is of that id, also of an import that is not complete. */
export const readAnyYubikey = (tx: ModuleTransaction, publicId: string): Promise<YubikeyRecord | undefined> =>
  tx.get(keyForm, pathOf(publicId));

/** The key of that id, if it is there. */
export const readYubikey = async (tx: ModuleTransaction, publicId: string): Promise<YubikeyRecord | undefined> => {
  const record = await readAnyYubikey(tx, publicId);
  return record === undefined || (await isPending(tx, record)) ? undefined : record;
};

export const putYubikey = (tx: ModuleTransaction, publicId: string, record: YubikeyRecord): void =>
  tx.put(keyForm, pathOf(publicId), record);

export const deleteYubikey = (tx: ModuleTransaction, publicId: string): void => tx.delete(pathOf(publicId));

/** A key as it is named on record: below its user, or below its own public id if it is nobody's. */
export const subjectOf = ({ holder: whose }: YubikeyRecord, publicId: string): string =>
  whose === undefined ? pathOf(publicId) : `${whose.user}/${publicId}`;

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

/** One page of all keys; of an import that is not complete, none. */
export const listYubikeys = async (
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly found: readonly { publicId: string; record: YubikeyRecord }[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(keyForm, FOLDER, page);
  const found: { publicId: string; record: YubikeyRecord }[] = [];
  for (const { path, value } of records) {
    if (!(await isPending(tx, value))) found.push({ publicId: publicIdAt(path), record: value });
  }
  return cursor === undefined ? { found } : { found, cursor };
};

/** Whether a key counts in this epoch: its counters are known, and nobody switched it off. */
export const mayCount = ({ confirmed, active, epoch }: YubikeyRecord, presentEpoch: number): boolean =>
  confirmed && active && epoch === presentEpoch;

/** The key once this code was accepted, from a request with this nonce, if it had one. */
export const spend = (
  { nonce: _, ...record }: YubikeyRecord,
  token: Token,
  nowUnixMs: number,
  nonce?: string,
): YubikeyRecord => ({
  ...record,
  ...token,
  ...(nonce !== undefined && { nonce }),
  lastUsedAtUnixMs: nowUnixMs,
  modifiedAtUnixMs: nowUnixMs,
});

export const viewOfYubikey = (publicId: string, record: YubikeyRecord, epoch: number): yubiotp.YubikeyView => {
  const { holder: whose, confirmed, active, counter, use, createdAtUnixMs, lastUsedAtUnixMs } = record;
  return {
    ...(whose !== undefined && { user: whose.user }),
    ...{ publicId, counter, use, createdAtUnixMs },
    state: !confirmed ? 'unconfirmed' : !active ? 'disabled' : record.epoch === epoch ? 'active' : 'waits',
    ...(lastUsedAtUnixMs !== undefined && { lastUsedAtUnixMs }),
  };
};

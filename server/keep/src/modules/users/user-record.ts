// What is kept about a user: one record. Forms: docs/formats/users.md.

import type { users } from '@chatelaine/contract';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';
import { parseSshPublicKey } from '../../kernel/ssh-signature.ts';

const bytesOfRecord = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const form = defineRecord(
  'user',
  z.strictObject({
    format: z.literal(1),
    fullName: z.string(),
    groups: z.array(z.string()),
    enabled: z.boolean(),
    /** Random; another one whenever the user is kept out. A login belongs to one of them. */
    stretch: z.string(),
    createdAtUnixMs: z.number().int(),
    /** Lines as in a `.pub` file of ssh-keygen(1). */
    sshKeys: z.array(z.string()),
    /** Argon2id, RFC 9106. */
    passPhrase: z
      .strictObject({
        salt: bytesOfRecord,
        passes: z.number().int(),
        memoryKiB: z.number().int(),
        hash: bytesOfRecord,
      })
      .optional(),
    /** Absent: a one-time code is optional. */
    codeAtLogin: z.enum(['required', 'enough']).optional(),
  }),
);

export type UserRecord = z.infer<typeof form.schema>;

const FOLDER = 'users';
const pathOf = (name: string): string => `${FOLDER}/${name}`;

export const readUser = (tx: ModuleTransaction, name: string): Promise<UserRecord | undefined> =>
  tx.get(form, pathOf(name));

export const putUser = (tx: ModuleTransaction, name: string, user: UserRecord): void =>
  tx.put(form, pathOf(name), user);

export const deleteUser = (tx: ModuleTransaction, name: string): void => tx.delete(pathOf(name));

export const viewOfUser = (name: string, user: UserRecord): users.UserView => ({
  name,
  fullName: user.fullName,
  groups: user.groups,
  state: user.enabled ? 'enabled' : 'disabled',
  createdAtUnixMs: user.createdAtUnixMs,
  sshKeys: user.sshKeys.map((publicKey) => ({
    publicKey,
    fingerprint: parseSshPublicKey(publicKey)?.fingerprint ?? '',
  })),
  hasPassPhrase: user.passPhrase !== undefined,
  codeAtLogin: user.codeAtLogin ?? 'optional',
});

/** One page of users as they are shown. */
export const listUsers = async (
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly users: users.UserView[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(form, FOLDER, page);
  const found = records.map(({ path, value }) => viewOfUser(path.slice(FOLDER.length + 1), value));
  return cursor === undefined ? { users: found } : { users: found, cursor };
};

// What is kept for the directory: which entry is a user's, and the password of the account that searches. The passwords of users
// are never kept. Forms: docs/formats/ldap.md.

import { ldap, ok, type Result, refuse } from '@chatelaine/contract';
import * as z from 'zod';
import type { ModuleServices } from '../../kernel/module.ts';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

const unixMs = z.number().int();

const entryForm = defineRecord(
  'entry of a user',
  z.strictObject({
    format: z.literal(1),
    /** When their user was added; of another user of the same name it is none. */
    since: unixMs,
    /** The account's name in the directory. */
    name: z.string(),
    code: z.enum(ldap.codeKinds),
    createdAtUnixMs: unixMs,
    lastUsedAtUnixMs: unixMs.optional(),
    /** Networks from which right passwords came, the latest last. */
    places: z.array(z.string()),
  }),
);

const passwordForm = defineRecord(
  'password of the account that searches',
  z.strictObject({
    format: z.literal(1),
    value: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  }),
);

export type EntryRecord = z.infer<typeof entryForm.schema>;

const FOLDER = 'users';
const PASSWORD_PATH = 'bind-password';
const pathOf = (user: string): string => `${FOLDER}/${user}`;

export const readEntry = (tx: ModuleTransaction, user: string): Promise<EntryRecord | undefined> =>
  tx.get(entryForm, pathOf(user));

export const putEntry = (tx: ModuleTransaction, user: string, entry: EntryRecord): void =>
  tx.put(entryForm, pathOf(user), entry);

export const deleteEntry = (tx: ModuleTransaction, user: string): void => tx.delete(pathOf(user));

/** One page of all entries. */
export const listEntries = async (
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly found: readonly { user: string; entry: EntryRecord }[]; readonly cursor?: string }> => {
  const { records, cursor } = await tx.list(entryForm, FOLDER, page);
  const found = records.map(({ path, value }) => ({ user: path.slice(FOLDER.length + 1), entry: value }));
  return cursor === undefined ? { found } : { found, cursor };
};

/** Somebody as the module `users` knows them. */
export interface Person {
  readonly since: number;
  readonly enabled: boolean;
}

export const personOf = async (
  { ask }: ModuleServices,
  tx: ModuleTransaction,
  user: string,
): Promise<Result<Person>> => {
  const asked = await ask('users', 'person', tx, { name: user });
  return asked.kind === 'ok' ? ok(asked.value as Person) : refuse('not-found');
};

/** The password; its bytes belong to the transaction. */
export const readBindPassword = async (tx: ModuleTransaction): Promise<Uint8Array | undefined> =>
  (await tx.get(passwordForm, PASSWORD_PATH))?.value;

/** An empty one takes it away. */
export const putBindPassword = (tx: ModuleTransaction, value: Uint8Array): void => {
  if (value.length === 0) tx.delete(PASSWORD_PATH);
  else tx.put(passwordForm, PASSWORD_PATH, { format: 1, value });
};

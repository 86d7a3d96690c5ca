// The credentials of a user, and the seeds they rest on.

import { ok, type Result, refuse } from '@chatelaine/contract';
import type { ModuleServices } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import type { CommonCredential, CountedKind, CredentialsRecord } from './counted-kind.ts';

const FOLDER = 'users';
const pathOf = (user: string): string => `${FOLDER}/${user}`;

type Kind<C extends CommonCredential> = Pick<CountedKind<C>, 'form'>;

export const readCredentials = <C extends CommonCredential>(
  { form }: Kind<C>,
  tx: ModuleTransaction,
  user: string,
): Promise<CredentialsRecord<C> | undefined> => tx.get(form, pathOf(user));

/** Writes the credentials; a record without any is deleted. */
export const putCredentials = <C extends CommonCredential>(
  { form }: Kind<C>,
  tx: ModuleTransaction,
  user: string,
  record: CredentialsRecord<C>,
): void => {
  if (record.credentials.length === 0) tx.delete(pathOf(user));
  else tx.put(form, pathOf(user), record);
};

/** One page of users who have credentials. */
export const listCredentials = async <C extends CommonCredential>(
  { form }: Kind<C>,
  tx: ModuleTransaction,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{
  readonly found: readonly { readonly user: string; readonly record: CredentialsRecord<C> }[];
  readonly cursor?: string;
}> => {
  const { records, cursor } = await tx.list(form, FOLDER, page);
  const found = records.map(({ path, value }) => ({ user: path.slice(FOLDER.length + 1), record: value }));
  return cursor === undefined ? { found } : { found, cursor };
};

/** The record with `credential` in place of the one of its name, or added to the others. */
export const withCredential = <C extends CommonCredential>(
  record: CredentialsRecord<C>,
  credential: C,
): CredentialsRecord<C> => {
  const isThere = record.credentials.some(({ name }) => name === credential.name);
  const credentials = isThere
    ? record.credentials.map((before) => (before.name === credential.name ? credential : before))
    : [...record.credentials, credential];
  return { ...record, credentials };
};

interface HandedKey {
  readonly value: Uint8Array;
  readonly since: number;
}

/** The seed of a credential, if the module `aes` hands it over: the bytes belong to the transaction. */
export const seedOf = async (
  { ask }: ModuleServices,
  tx: ModuleTransaction,
  user: string,
  key: string,
): Promise<Result<HandedKey>> => (await ask('aes', 'key', tx, { user, key })) as Result<HandedKey>;

/** Whether its device has shown a code, or it was taken over from another system by an import that is complete. */
export const isConfirmed = async (
  { ask }: ModuleServices,
  tx: ModuleTransaction,
  user: string,
  { confirmed, key }: CommonCredential,
): Promise<boolean> => {
  if (!confirmed) return false;
  const waits = await ask('aes', 'waits', tx, { user, key });
  return waits.kind === 'ok' && waits.value === false;
};

/** The credentials of whoever has the name now; a former user's are none. */
export const credentialsOfPresentUser = async <C extends CommonCredential>(
  kind: Kind<C>,
  { ask }: ModuleServices,
  tx: ModuleTransaction,
  user: string,
): Promise<Result<CredentialsRecord<C>>> => {
  const person = await ask('users', 'person', tx, { name: user });
  if (person.kind === 'refused') return refuse('not-found');
  const { since } = person.value as { readonly since: number };
  const record = await readCredentials(kind, tx, user);
  return ok(record?.since === since ? record : { format: 1, since, credentials: [], places: [] });
};

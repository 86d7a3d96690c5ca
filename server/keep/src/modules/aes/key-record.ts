// A key of a user: one record. It belongs to the person who had the name when it was made, not to whoever gets the name
// later. Forms: docs/formats/otp.md.

import { aes } from '@chatelaine/contract';
import * as z from 'zod';
import { associate, dissociate, isAssociated } from '../../kernel/associations.ts';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

const form = defineRecord(
  'key',
  z.strictObject({
    format: z.literal(1),
    value: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    /** When its user was added; of another user of the same name it is none. */
    since: z.number().int(),
    createdAtUnixMs: z.number().int(),
    /** The module that made it for itself, and destroys it with what rests on it. */
    madeBy: z.string().optional(),
    /** The import that it came with; until that is complete it is handed to nobody. */
    import: z.string().optional(),
  }),
);
export type KeyRecord = z.infer<typeof form.schema>;

const folderOf = (user: string): string => `keys/${user}`;
export const pathOfKey = (user: string, key: string): string => `${folderOf(user)}/${key}`;

export const readKey = (tx: ModuleTransaction, user: string, key: string): Promise<KeyRecord | undefined> =>
  tx.get(form, pathOfKey(user, key));

/** Writes a new key, linked to `modules` and no other. */
export const putKey = (
  tx: ModuleTransaction,
  { user, key }: { readonly user: string; readonly key: string },
  record: KeyRecord,
  modules: readonly string[],
): void => {
  const path = pathOfKey(user, key);
  tx.put(form, path, record);
  for (const module of aes.linkableModules) {
    if (modules.includes(module)) associate(tx, path, module);
    else dissociate(tx, path, module);
  }
};

export const deleteKey = (tx: ModuleTransaction, user: string, key: string): void => {
  const path = pathOfKey(user, key);
  tx.delete(path);
  for (const module of aes.linkableModules) dissociate(tx, path, module);
};

/** The modules that a key is linked to. */
export const modulesOf = async (tx: ModuleTransaction, user: string, key: string): Promise<string[]> => {
  const linked: string[] = [];
  for (const module of aes.linkableModules) {
    if (await isAssociated(tx, pathOfKey(user, key), module)) linked.push(module);
  }
  return linked;
};

/** One page of the keys of a user. */
export const listKeys = async (
  tx: ModuleTransaction,
  user: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{
  readonly keys: readonly { readonly key: string; readonly record: KeyRecord }[];
  readonly cursor?: string;
}> => {
  const { records, cursor } = await tx.list(form, folderOf(user), page);
  const keys = records.map(({ path, value }) => ({ key: path.slice(folderOf(user).length + 1), record: value }));
  return cursor === undefined ? { keys } : { keys, cursor };
};

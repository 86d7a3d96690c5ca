// Keys of users as an administrator keeps them.

import { aes, ok, type Result, refuse } from '@chatelaine/contract';
import { associate, dissociate } from '../../kernel/associations.ts';
import { answer, type BoundOperation, type ModuleServices } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import type { Moment } from '../../kernel/release/decision.ts';
import { isPending, putCompleteImport } from '../../otp/pending-import.ts';
import { deleteKey, type KeyRecord, listKeys, modulesOf, pathOfKey, putKey, readKey } from './key-record.ts';
import { personOf } from './person-of.ts';

type Names = { readonly user: string; readonly key: string };

/** A key, if it is one of the present user of that name. */
const findKey = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  { user, key }: Names,
): Promise<KeyRecord | undefined> => {
  const person = await personOf(services, tx, user);
  const record = await readKey(tx, user, key);
  return person !== undefined && record?.since === person.since ? record : undefined;
};

/** How a key came to be that no person made by itself: for which module, and with which import. */
interface Origin {
  readonly madeBy: string;
  readonly import?: string;
}

/** Writes a new key of a user; one of a former user of that name, or of an import that was never completed, is written over. */
export const addKey = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  names: Names,
  value: Uint8Array,
  { nowUnixMs }: Pick<Moment, 'nowUnixMs'>,
  origin?: Origin,
): Promise<Result<{ readonly since: number }>> => {
  const person = await personOf(services, tx, names.user);
  if (person === undefined) return refuse('not-found');
  const { since } = person;
  const before = await readKey(tx, names.user, names.key);
  if (before?.since === since && !(await isPending(tx, before)))
    return refuse('already-exists', { field: 'key', message: 'is taken' });
  const record = { format: 1 as const, value, since, createdAtUnixMs: nowUnixMs };
  if (origin === undefined) putKey(tx, names, record, []);
  else putKey(tx, names, { ...record, ...origin }, [origin.madeBy]);
  return ok({ since });
};

const nothingElse = (result: Result<unknown>): Result<Record<string, never>> =>
  result.kind === 'refused' ? result : ok({});

export const changeKeys = (services: ModuleServices): readonly BoundOperation[] => [
  answer(aes.generate, async ({ input, moment }, tx) => {
    const value = services.random(input.sizeBytes);
    try {
      return nothingElse(await addKey(services, tx, input, value, moment));
    } finally {
      value.fill(0);
    }
  }),

  answer(aes.bring, async ({ input, moment }, tx) =>
    nothingElse(await addKey(services, tx, input, input.value, moment)),
  ),

  answer(aes.link, async ({ input, note }, tx) => {
    if ((await findKey(services, tx, input)) === undefined) return refuse('not-found');
    associate(tx, pathOfKey(input.user, input.key), input.module);
    note({ name: 'module', value: input.module, assurance: 'proved' });
    return ok({});
  }),

  answer(aes.unlink, async ({ input, note }, tx) => {
    if ((await findKey(services, tx, input)) === undefined) return refuse('not-found');
    dissociate(tx, pathOfKey(input.user, input.key), input.module);
    note({ name: 'module', value: input.module, assurance: 'proved' });
    return ok({});
  }),

  answer(aes.list, async ({ input: { user, limit, cursor } }, tx) => {
    const person = await personOf(services, tx, user);
    if (person === undefined) return refuse('not-found');
    const page = await listKeys(tx, user, cursor === undefined ? { limit } : { limit, cursor });
    const keys: aes.KeyView[] = [];
    for (const { key, record } of page.keys) {
      if (record.since !== person.since) continue;
      const { createdAtUnixMs, value } = record;
      keys.push({ key, sizeBytes: value.length, createdAtUnixMs, modules: await modulesOf(tx, user, key) });
    }
    return ok(page.cursor === undefined ? { keys } : { keys, cursor: page.cursor });
  }),

  answer(aes.remove, async ({ input: { user, key } }, tx) => {
    const record = await findKey(services, tx, { user, key });
    if (record === undefined) return refuse('not-found');
    const [linked] = await modulesOf(tx, user, key);
    if (linked !== undefined) return refuse('conflict', { field: 'key', message: `is linked to ${linked}` });
    deleteKey(tx, user, key);
    return ok({});
  }),

  answer(aes.completeImport, async ({ input, moment, note }, tx) => {
    putCompleteImport(tx, input.import, moment.nowUnixMs);
    note({ name: 'import', value: input.import, assurance: 'proved' });
    return ok({});
  }),
];

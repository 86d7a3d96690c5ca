// What other modules get. A key goes to a module only if its user is there and let in, the key belongs to that very user, and
// it is linked to that very module; whichever of these is missing, the same is answered after the same look-ups. One that came with
// an import goes to nobody before that is complete.

import { ok, type Result, refuse } from '@chatelaine/contract';
import { dissociate, isAssociated } from '../../kernel/associations.ts';
import type { ModuleServices, Service } from '../../kernel/module.ts';
import { isPending } from '../../otp/pending-import.ts';
import { addKey } from './change-keys.ts';
import { deleteKey, pathOfKey, readKey } from './key-record.ts';
import { personOf } from './person-of.ts';

interface Names {
  readonly user: string;
  readonly key: string;
}

/** What a module asks for: a key of its own for a user. `value` stays the caller's. */
interface KeepRequest extends Names {
  readonly value: Uint8Array;
  readonly nowUnixMs: number;
  readonly import?: string;
}

export const handOverKey = (services: ModuleServices): Readonly<Record<string, Service>> => ({
  /** `key`: the key, and since when its user is there; or `denied`. The bytes belong to the transaction. */
  key: async ({ askedBy, tx, input }): Promise<Result<unknown>> => {
    const { user, key } = input as Names;
    const person = await personOf(services, tx, user);
    const isLinked = await isAssociated(tx, pathOfKey(user, key), askedBy);
    const record = await readKey(tx, user, key);
    const waits = await isPending(tx, record);
    if (person?.enabled !== true || record === undefined || !isLinked || waits) return refuse('denied');
    return record.since === person.since ? ok({ value: record.value, since: record.since }) : refuse('denied');
  },

  /** `keep`: takes up a key that the asking module made or was given, linked to it alone. `not-found`, `already-exists`. */
  keep: async ({ askedBy, tx, input }): Promise<Result<unknown>> => {
    const { user, key, value, nowUnixMs, import: id } = input as KeepRequest;
    const origin = { madeBy: askedBy, ...(id !== undefined && { import: id }) };
    return await addKey(services, tx, { user, key }, value, { nowUnixMs }, origin);
  },

  /** `waits`: whether a key came with an import that is not complete. */
  waits: async ({ tx, input }): Promise<Result<unknown>> => {
    const { user, key } = input as Names;
    return ok(await isPending(tx, await readKey(tx, user, key)));
  },

  /** `discard`: the asking module needs a key no more. One that it had made for itself is destroyed. */
  discard: async ({ askedBy, tx, input }): Promise<Result<unknown>> => {
    const { user, key } = input as Names;
    const record = await readKey(tx, user, key);
    if (record?.madeBy === askedBy) deleteKey(tx, user, key);
    else dissociate(tx, pathOfKey(user, key), askedBy);
    return ok({});
  },
});

// Entries of users as an administrator keeps them. None of it asks the directory, so that nothing depends on whether it answers.

import { ldap, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, type ModuleServices } from '../../kernel/module.ts';
import type { TryBudget } from '../../otp/try-budget.ts';
import type { Directory } from './directory.ts';
import {
  deleteEntry,
  type EntryRecord,
  listEntries,
  personOf,
  putBindPassword,
  putEntry,
  readBindPassword,
  readEntry,
} from './entry-record.ts';

export const changeEntries = (
  services: ModuleServices,
  budget: TryBudget,
  directory: Directory,
): readonly BoundOperation[] => {
  const viewOf = (user: string, entry: EntryRecord): ldap.DirectoryEntryView => {
    const { name, code, createdAtUnixMs, lastUsedAtUnixMs } = entry;
    return {
      ...{ user, name, code, createdAtUnixMs, triesLeft: budget.left(user) },
      ...(lastUsedAtUnixMs !== undefined && { lastUsedAtUnixMs }),
    };
  };

  const set = answer(ldap.set, async ({ input: { user, name, code }, moment }, tx) => {
    const person = await personOf(services, tx, user);
    if (person.kind === 'refused') return person;
    if (code !== 'none' && !services.isLoaded(code)) {
      return refuse('invalid-input', {
        field: 'code',
        message: `is checked by the module ${code}, which is not loaded`,
      });
    }
    const { since } = person.value;
    const before = await readEntry(tx, user);
    const kept = before?.since === since ? before : { since, createdAtUnixMs: moment.nowUnixMs, places: [] };
    putEntry(tx, user, { ...kept, format: 1, name, code });
    return ok({});
  });

  const unset = answer(ldap.unset, async ({ input: { user } }, tx) => {
    if ((await readEntry(tx, user)) === undefined) return refuse('not-found');
    deleteEntry(tx, user);
    return ok({});
  });

  const list = answer(ldap.list, async ({ input: { user, limit, cursor } }, tx) => {
    const page = { limit, ...(cursor !== undefined && { cursor }) };
    const one = user === undefined ? undefined : await readEntry(tx, user);
    const asked = one === undefined || user === undefined ? [] : [{ user, entry: one }];
    const { found, cursor: next } = user === undefined ? await listEntries(tx, page) : { found: asked };
    const entries: ldap.DirectoryEntryView[] = [];
    for (const { user: name, entry } of found) {
      const person = await personOf(services, tx, name);
      if (person.kind === 'ok' && person.value.since === entry.since) entries.push(viewOf(name, entry));
    }
    return ok(next === undefined ? { entries } : { entries, cursor: next });
  });

  const allowTries = answer(ldap.allowTries, async ({ input, afterCommit }) => {
    afterCommit(() => budget.restoreAll(input.user));
    return ok({});
  });

  const setBindPassword = answer(ldap.setBindPassword, async ({ input: { password }, note }, tx) => {
    note({ name: 'taken-away', value: password.length === 0, assurance: 'proved' });
    putBindPassword(tx, password);
    return ok({});
  });

  const test = answer(ldap.test, async (_call, tx) => {
    const tested = await directory.test(await readBindPassword(tx));
    return tested === undefined ? refuse('busy') : ok({ servers: [...tested] });
  });

  return [set, unset, list, allowTries, setBindPassword, test];
};

// Reads of the newest revision. A store answers `compacted` only where an older one is asked for.

import type { Entry, Page, Store } from '@chatelaine/store';

const present = <T extends object>(answer: T): Exclude<T, { readonly kind: 'compacted' }> => {
  if ('kind' in answer && answer.kind === 'compacted')
    throw new Error('the store says that its newest revision is gone');
  return answer as Exclude<T, { readonly kind: 'compacted' }>;
};

export const readEntry = async (store: Store, key: Uint8Array): Promise<Entry | undefined> => {
  const answer = await store.get(key);
  return answer === undefined ? undefined : (present(answer) as Entry);
};

export const readEntries = async (
  store: Store,
  prefix: Uint8Array,
  options: { readonly limit: number; readonly cursor?: string },
): Promise<Page> => present(await store.list(prefix, options)) as Page;

/** All entries below a prefix of which there are few. */
export const readAllEntries = async (store: Store, prefix: Uint8Array): Promise<readonly Entry[]> => {
  const all: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page = await readEntries(store, prefix, cursor === undefined ? { limit: 1_000 } : { limit: 1_000, cursor });
    all.push(...page.entries);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
};

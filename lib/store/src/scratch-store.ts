// A store in a directory of its own, for tests; removed when the test ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';

/** A new directory, removed when the test ends. */
export const scratchDirectory = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-store-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

/** A new store, closed and removed when the test ends. */
export const scratchStore = async (t: TestContext, options: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> => {
  const path = options.path ?? join(scratchDirectory(t), 'store.db');
  const store = await openSqliteStore({ create: true, purpose: 'development', ...options, path });
  t.after(() => store.close());
  return store;
};

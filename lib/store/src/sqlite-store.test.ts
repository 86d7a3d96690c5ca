import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeConformance } from './conformance.ts';
import { openSqliteStore } from './sqlite-store.ts';

storeConformance('the SQLite store', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'chatelaine-store-'));
  const path = join(directory, 'store.db');
  let store = await openSqliteStore({ path, create: true, purpose: 'development' });
  t.after(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteStore({ path });
      return store;
    },
    backupPath: join(directory, 'copy.db'),
    openBackup: (backupPath) => openSqliteStore({ path: backupPath }),
  };
});

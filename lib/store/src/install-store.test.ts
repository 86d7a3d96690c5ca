import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  checkStoreClosed,
  checkStoreFile,
  installStore,
  openSqliteStore,
  type SqliteStore,
  StoreError,
} from './index.ts';
import { scratchDirectory } from './scratch-store.ts';

const key = Uint8Array.of(1);

const makeStore = async (path: string, value: string): Promise<SqliteStore> => {
  const store = await openSqliteStore({ path, create: true, purpose: 'development' });
  await store.commit({ conditions: [], puts: [{ key, value: Buffer.from(value) }], deletes: [], audit: [] });
  return store;
};

const valueAt = async (path: string): Promise<string> => {
  const store = await openSqliteStore({ path });
  const entry = await store.get(key);
  await store.close();
  return entry !== undefined && 'value' in entry ? Buffer.from(entry.value).toString() : '';
};

test('a store takes the place of another, which is kept with its log', async (t) => {
  const directory = scratchDirectory(t);
  const [from, path] = [join(directory, 'new.db'), join(directory, 'store.db')];
  await (await makeStore(from, 'new')).close();
  const old = await makeStore(path, 'old');
  assert.throws(() => checkStoreClosed(path), { code: 'busy' });
  assert.throws(() => installStore(from, path), { code: 'busy' });
  // As a kill leaves it: what was committed last is in the log only.
  const files = ['', '-wal'].map((suffix) => [suffix, readFileSync(path + suffix)] as const);
  await old.close();
  for (const [suffix, bytes] of files) writeFileSync(path + suffix, bytes);
  const replaced = installStore(from, path);
  assert.equal(replaced, `${path}.replaced-1`);
  assert.equal(await valueAt(path), 'new');
  assert.equal(await valueAt(`${path}.replaced-1`), 'old');
});

test('a store goes where there was none', async (t) => {
  const directory = scratchDirectory(t);
  const [from, path] = [join(directory, 'new.db'), join(directory, 'store.db')];
  await (await makeStore(from, 'new')).close();
  assert.equal(installStore(from, path), undefined);
  assert.equal(await valueAt(path), 'new');
});

test('a page that was overwritten is noticed', async (t) => {
  const path = join(scratchDirectory(t), 'store.db');
  const store = await makeStore(path, 'whole');
  for (let index = 0; index < 200; index++) {
    const put = { key: Uint8Array.of(2, index), value: Buffer.alloc(300, index) };
    await store.commit({ conditions: [], puts: [put], deletes: [], audit: [] });
  }
  await store.close();
  checkStoreFile(path);
  const bytes = readFileSync(path);
  bytes.fill(0xff, bytes.length - 4_096);
  writeFileSync(path, bytes);
  assert.throws(() => checkStoreFile(path), StoreError);
});

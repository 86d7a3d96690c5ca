// An older store is brought up to date on a copy; whatever happens on the way, a usable store is there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { commitOf, readAll } from './conformance/sample-transactions.ts';
import { type Migration, type MigrationStep, migrateStoreFile } from './migrate-store-file.ts';
import { scratchStore } from './scratch-store.ts';
import { openSqliteStore } from './sqlite-store.ts';

const steps: readonly Migration[] = [
  { from: 1, run: (db) => db.exec("INSERT INTO meta (name, value) VALUES ('second', 'yes')") },
  { from: 2, run: (db) => db.exec('ALTER TABLE record ADD COLUMN label TEXT') },
];

/** A closed store of format 1, and its path. */
const oldStore = async (t: TestContext): Promise<string> => {
  const store = await scratchStore(t);
  for (let index = 0; index < 20; index++) await commitOf(store, { puts: { [`k/${index}`]: 'v' }, audit: ['r'] });
  await store.close();
  return store.path;
};

const versionOf = (path: string): number => readFileSync(path).readUInt32BE(60);

describe('a migration', () => {
  it('runs each step in order on a copy, which replaces the old store with mode 0600 and nothing beside it', async (t) => {
    const path = await oldStore(t);
    chmodSync(path, 0o640);
    const seen: MigrationStep[] = [];
    migrateStoreFile({ path, from: 1, to: 3, migrations: steps, onStep: (step) => seen.push(step) });
    assert.deepEqual(seen, ['log-merged', 'copied', 'migrated', 'migrated', 'checked', 'synced', 'renamed']);
    assert.deepEqual([versionOf(path), statSync(path).mode & 0o777], [3, 0o600]);
    assert.deepEqual(readdirSync(dirname(path)).sort(), ['store.db', 'store.db-lock']);
    const db = new DatabaseSync(path);
    assert.equal(db.prepare('SELECT count(*) AS n FROM record WHERE label IS NULL').get()?.['n'], 20);
    assert.equal(db.prepare("SELECT value FROM meta WHERE name = 'second'").get()?.['value'], 'yes');
    db.close();
  });

  it('that fails, or does not know the way, leaves the old store as it was', async (t) => {
    const path = await oldStore(t);
    const before = readFileSync(path);
    const failing: Migration = {
      from: 2,
      run: (db) => {
        db.exec('DELETE FROM record');
        throw new Error('half way');
      },
    };
    const plan = { path, from: 1, to: 3 };
    assert.throws(() => migrateStoreFile({ ...plan, migrations: [...steps.slice(0, 1), failing] }), /half way/);
    assert.throws(() => migrateStoreFile({ ...plan, migrations: steps.slice(1) }), { code: 'unsupported-format' });
    assert.deepEqual(readFileSync(path), before);
    assert.equal(existsSync(`${path}.migrating`), false);
    const store = await openSqliteStore({ path });
    assert.equal((await readAll(store, 'k/', 100)).length, 20);
    await store.close();
  });

  it('that is killed at any point leaves a whole store, old or new, and the next attempt finishes', async (t) => {
    const points: readonly MigrationStep[] = ['log-merged', 'copied', 'migrated', 'checked', 'synced', 'renamed'];
    for (const point of points) {
      const path = await oldStore(t);
      const program = `
        import { migrateStoreFile } from ${JSON.stringify(new URL('./migrate-store-file.ts', import.meta.url).href)};
        const migrations = [{ from: 1, run: (db) => db.exec("INSERT INTO meta (name, value) VALUES ('second', 'yes')") }];
        migrateStoreFile({ path: ${JSON.stringify(path)}, from: 1, to: 2, migrations, onStep: (step) => {
          if (step === ${JSON.stringify(point)}) process.kill(process.pid, 'SIGKILL');
        } });`;
      const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
      assert.equal(signal, 'SIGKILL', point);
      const isDone = point === 'renamed';
      assert.equal(versionOf(path), isDone ? 2 : 1, point);
      if (isDone) continue;
      const store = await openSqliteStore({ path });
      assert.equal((await readAll(store, 'k/', 100)).length, 20);
      await commitOf(store, { puts: { 'k/after': 'v' } });
      await store.close();
      migrateStoreFile({ path, from: 1, to: 2, migrations: steps.slice(0, 1) });
      assert.equal(versionOf(path), 2);
    }
  });
});

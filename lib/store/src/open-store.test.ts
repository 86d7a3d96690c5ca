// What an opening refuses, and what it leaves alone.

import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { bytesOf, commitOf, readAll, readWord } from './conformance/sample-transactions.ts';
import { scratchDirectory, scratchStore } from './scratch-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { StoreError } from './store-error.ts';

/** A closed store of some hundred pages. */
const filledStore = async (t: TestContext): Promise<string> => {
  const store = await scratchStore(t);
  for (let batch = 0; batch < 4; batch++) {
    const puts = Object.fromEntries(
      Array.from({ length: 90 }, (_, index) => [`k/${batch}/${index}`, 'v'.repeat(1_200)]),
    );
    await commitOf(store, { puts, audit: [`batch ${batch}`] });
  }
  await store.close();
  return store.path;
};

const copyOf = (path: string, name: string): string => {
  const copy = `${path}-${name}`;
  copyFileSync(path, copy);
  return copy;
};

/** Changes the file as somebody with SQLite at hand can. */
const tamper = (path: string, sql: string): void => {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
};

describe('making a store', () => {
  it('is private to its owner, with all its companions, whatever the umask', async (t) => {
    const before = process.umask(0);
    t.after(() => process.umask(before));
    const store = await scratchStore(t);
    await commitOf(store, { puts: { a: '1' } });
    const copy = `${store.path}-copy`;
    await store.backup(copy);
    for (const suffix of ['', '-wal', '-shm', '-lock', '-copy']) {
      assert.equal(statSync(store.path + suffix).mode & 0o777, 0o600, suffix);
    }
  });

  it('never replaces anything: a store, another file, or the log of a lost store', async (t) => {
    const directory = scratchDirectory(t);
    const create = (name: string) =>
      openSqliteStore({ path: join(directory, name), create: true, purpose: 'production' });
    await (await create('store.db')).close();
    writeFileSync(join(directory, 'file'), 'mine');
    writeFileSync(join(directory, 'lost.db-wal'), 'log');
    for (const name of ['store.db', 'file', 'lost.db']) await assert.rejects(create(name), { code: 'already-exists' });
    assert.equal(readFileSync(join(directory, 'file'), 'utf8'), 'mine');
    await assert.rejects(create('no/such/directory'), { code: 'not-found' });
  });

  it('gives each store an id of its own, and remembers its purpose for good', async (t) => {
    const [one, two] = [await scratchStore(t), await scratchStore(t, { purpose: 'production' })];
    assert.notEqual(one.id, two.id);
    await Promise.all([one.close(), two.close()]);
    await assert.rejects(openSqliteStore({ path: one.path, purpose: 'production' }), { code: 'wrong-purpose' });
    await assert.rejects(openSqliteStore({ path: two.path, purpose: 'development' }), { code: 'wrong-purpose' });
    const again = await openSqliteStore({ path: two.path, purpose: 'production' });
    assert.equal(again.purpose, 'production');
    await again.close();
  });

  it('starts over after a kill that left an unfinished one', async (t) => {
    const path = join(scratchDirectory(t), 'store.db');
    writeFileSync(`${path}.new`, 'unfinished');
    const store = await scratchStore(t, { path });
    assert.deepEqual(
      readdirSync(join(path, '..')).filter((name) => name.endsWith('.new')),
      [],
    );
    assert.equal(await store.revision(), 0);
  });
});

describe('opening a store', () => {
  it('says that a missing one is missing, and makes nothing', async (t) => {
    const directory = scratchDirectory(t);
    await assert.rejects(
      openSqliteStore({ path: join(directory, 'store.db') }),
      (error) => error instanceof StoreError && error.code === 'not-found',
    );
    assert.deepEqual(readdirSync(directory), []);
  });

  it('has one owner at a time', async (t) => {
    const store = await scratchStore(t);
    await commitOf(store, { puts: { a: '1' } });
    await assert.rejects(openSqliteStore({ path: store.path }), { code: 'busy' });
    await commitOf(store, { puts: { a: '2' } });
    await assert.rejects(openSqliteStore({ path: store.path }), { code: 'busy' });
    assert.equal(await readWord(store, 'a'), '2');
  });

  it('refuses what is not a store, and leaves it as it was', async (t) => {
    const directory = scratchDirectory(t);
    const contents: Record<string, Buffer> = {
      text: Buffer.from('remember to buy bread\n'.repeat(500)),
      short: Buffer.from('SQLite format 3\0'),
      zeros: Buffer.alloc(8_192),
    };
    for (const [name, content] of Object.entries(contents)) {
      const path = join(directory, name);
      writeFileSync(path, content);
      await assert.rejects(openSqliteStore({ path }), { code: 'damaged' }, name);
      assert.deepEqual(readFileSync(path), content);
    }
    const foreign = join(directory, 'foreign.db');
    tamper(foreign, 'CREATE TABLE record (key, value)');
    await assert.rejects(openSqliteStore({ path: foreign }), { code: 'damaged', message: /not a Chatelaine store/ });
    mkdirSync(join(directory, 'directory'));
    await assert.rejects(openSqliteStore({ path: join(directory, 'directory') }), { code: 'damaged' });
  });

  it('refuses a newer format as such', async (t) => {
    const path = await filledStore(t);
    tamper(path, 'PRAGMA user_version = 2');
    await assert.rejects(openSqliteStore({ path }), { code: 'unsupported-format', message: /format 2/ });
  });

  it('refuses a store whose tables were added to, changed or emptied of what it says about itself', async (t) => {
    const path = await filledStore(t);
    const edits = [
      'CREATE TRIGGER evil AFTER INSERT ON audit BEGIN DELETE FROM audit; END',
      'CREATE TABLE more (a)',
      'CREATE VIEW seen AS SELECT * FROM record',
      'DROP TABLE audit',
      "DELETE FROM meta WHERE name = 'id'",
      "UPDATE meta SET value = 'staging' WHERE name = 'purpose'",
      "DELETE FROM head WHERE name = 'revision'",
    ];
    for (const [index, edit] of edits.entries()) {
      const copy = copyOf(path, `edit-${index}`);
      tamper(copy, edit);
      await assert.rejects(openSqliteStore({ path: copy }), { code: 'damaged' }, edit);
    }
  });

  it('refuses a store that was cut off, at whatever length, and never shows it empty', async (t) => {
    const path = await filledStore(t);
    const { size } = statSync(path);
    const lengths = [0, 1, 99, 100, 4_095, 4_096, 8_192, Math.floor(size / 2), size - 4_096, size - 1];
    for (const length of lengths) {
      const copy = copyOf(path, `cut-${length}`);
      truncateSync(copy, length);
      await assert.rejects(openSqliteStore({ path: copy }), { code: 'damaged' }, `cut to ${length} of ${size}`);
    }
  });

  it('answers a read or change that meets a damaged page with a clear error, and serves the rest', async (t) => {
    const path = await filledStore(t);
    const bytes = readFileSync(path);
    // Every page but the first is overwritten in turn; some reads must fail, none may crash or come back short without a word.
    const pages = bytes.length / 4_096;
    const seen = { damaged: 0, whole: 0 };
    for (let page = 1; page < pages; page += 7) {
      const copy = `${path}-page-${page}`;
      writeFileSync(
        copy,
        Buffer.concat([bytes.subarray(0, page * 4_096), Buffer.alloc(4_096, 0xa5), bytes.subarray((page + 1) * 4_096)]),
      );
      try {
        const store = await openSqliteStore({ path: copy });
        try {
          assert.equal((await readAll(store, 'k/', 1_000)).length, 360);
          seen.whole++;
        } finally {
          await store.close();
        }
      } catch (error) {
        assert.ok(error instanceof StoreError && error.code === 'damaged', String(error));
        seen.damaged++;
      }
    }
    assert.ok(seen.damaged > 10, JSON.stringify(seen));
  });

  it('fails a change that meets a damaged page alone, others in the same group go on', async (t) => {
    const path = await filledStore(t);
    const bytes = readFileSync(path);
    const root = await openSqliteStore({ path });
    await root.close();
    // A leaf that holds records: find the page in which the value of one key lies.
    const at = bytes.indexOf(Buffer.from('k/2/40v'));
    assert.ok(at > 0);
    const page = Math.floor(at / 4_096);
    bytes.fill(0xa5, page * 4_096, (page + 1) * 4_096);
    writeFileSync(path, bytes);
    const store = await openSqliteStore({ path });
    t.after(() => store.close());
    const [bad, good] = await Promise.allSettled([
      commitOf(store, { puts: { 'k/2/40': 'new' } }),
      commitOf(store, { puts: { 'k/0/0': 'new' } }),
    ]);
    assert.ok(bad.status === 'rejected' && bad.reason instanceof StoreError && bad.reason.code === 'damaged');
    assert.equal(good.status, 'fulfilled');
    assert.equal(await readWord(store, 'k/0/0'), 'new');
    await assert.rejects(store.get(bytesOf('k/2/40')), { code: 'damaged' });
  });

  it('finds in the log what a crash left there', async (t) => {
    const store = await scratchStore(t);
    await commitOf(store, { puts: { a: '1' }, audit: ['r'] });
    const copy = `${store.path}-crashed`;
    copyFileSync(store.path, copy);
    copyFileSync(`${store.path}-wal`, `${copy}-wal`);
    const events: string[] = [];
    const again = await openSqliteStore({ path: copy, log: ({ message }) => events.push(message) });
    assert.deepEqual([await readWord(again, 'a'), await again.revision()], ['1', 1]);
    assert.match(events.join(), /was not closed/);
    await again.close();
    assert.equal(existsSync(`${copy}-wal`), false);
  });

  it('says that it is not allowed to open a file that belongs to somebody else', async (t) => {
    if (process.getuid?.() === 0) {
      // Root may open everything; a directory in place of the lock shows the same way.
      const path = await filledStore(t);
      const copy = copyOf(path, 'locked');
      mkdirSync(`${copy}-lock`);
      await assert.rejects(openSqliteStore({ path: copy }), { code: 'denied' });
      return;
    }
    const path = await filledStore(t);
    chmodSync(path, 0);
    await assert.rejects(openSqliteStore({ path }), { code: 'denied' });
  });
});

// The vault over the real embedded store, and what somebody with the disk in hand can do to it.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { CHEAP_COST } from '@chatelaine/secret';
import { openSqliteStore, type SqliteStore } from '@chatelaine/store';
import { type AuditCheck, createVault, openVault, readAnchor, type Vault, verifyAuditChain } from './index.ts';
import { accepted, keyFile, passPhrase, putRecord, readRecord, temporaryDirectory } from './testing/test-vault.ts';

/** A store file and its anchor, in two directories. */
interface Place {
  readonly directory: string;
  readonly path: string;
  readonly anchorPath: string;
}

const makePlace = (t: TestContext): Place => {
  const directory = temporaryDirectory(t);
  return { directory, path: join(directory, 'store.db'), anchorPath: join(temporaryDirectory(t), 'anchor') };
};

const withStore = async <T>({ path }: Place, use: (store: SqliteStore) => Promise<T>): Promise<T> => {
  const store = await openSqliteStore({ path, ...(existsSync(path) ? {} : { create: true, purpose: 'development' }) });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
};

const create = (place: Place, use: (vault: Vault, store: SqliteStore) => Promise<void>): Promise<void> =>
  withStore(place, async (store) => {
    const { anchorPath } = place;
    const slot = { ...keyFile, label: '' };
    const options = { store, purpose: 'development', slot, anchorPath, nowUnixMs: 0, argon2: CHEAP_COST } as const;
    const vault = accepted(await createVault(options));
    await use(vault, store);
    await vault.close();
  });

const open = (place: Place, use: (vault: Vault, store: SqliteStore) => Promise<void>): Promise<string> =>
  withStore(place, async (store) => {
    const opened = await openVault({ store, secret: keyFile, anchorPath: place.anchorPath });
    if (opened.kind === 'refused') return opened.code;
    await use(opened.value, store);
    await opened.value.close();
    return 'ok';
  });

const nothing = async (): Promise<void> => {};

const saveFiles = ({ directory }: Place): Map<string, Buffer> =>
  new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));

const restoreFiles = ({ directory }: Place, files: Map<string, Buffer>): void => {
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes, { mode: 0o600 });
};

const editDatabase = ({ path }: Place, sql: string): void => {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
};

test('a vault lives in the embedded store, closed and opened again', async (t) => {
  const place = makePlace(t);
  await create(place, async (vault) => {
    for (let index = 0; index < 30; index++) await putRecord(vault, 'machines', `rack/${index}`, `secret ${index}`);
    accepted(await vault.addSlot(passPhrase, 'a person', 1));
  });
  const result = await open(place, async (vault) => {
    assert.equal(await readRecord(vault, 'machines', 'rack/7'), 'secret 7');
    const { records } = await vault.list('machines', 'rack', { limit: 100 });
    assert.equal(records.length, 30);
    for (const record of records) record.value.release();
    assert.equal((await vault.slots()).length, 2);
  });
  assert.equal(result, 'ok');
});

test('no file of the store shows a name or a value', async (t) => {
  const place = makePlace(t);
  await create(place, async (vault) => {
    await putRecord(vault, 'collection-name', 'segment-one/segment-two', 'value-in-clear');
    const all = Buffer.concat([...saveFiles(place).values()]);
    for (const text of ['collection-name', 'segment-one', 'segment-two', 'value-in-clear'])
      assert.ok(!all.includes(text));
    assert.ok(all.length > 4_096);
  });
  const all = Buffer.concat([...saveFiles(place).values(), readFileSync(place.anchorPath)]);
  for (const text of ['collection-name', 'segment-one', 'segment-two', 'value-in-clear'])
    assert.ok(!all.includes(text));
});

test('an old copy of the files put back is refused as rolled back; the current ones open again', async (t) => {
  const place = makePlace(t);
  await create(place, (vault) => putRecord(vault, 'machines', 'web1', 'enabled'));
  const old = saveFiles(place);
  await open(place, (vault) => putRecord(vault, 'machines', 'web1', 'disabled'));
  const current = saveFiles(place);
  restoreFiles(place, old);
  assert.equal(await open(place, nothing), 'rolled-back');
  restoreFiles(place, current);
  assert.equal(await open(place, nothing), 'ok');
});

test('a backup put back is refused too', async (t) => {
  const place = makePlace(t);
  const copy = join(temporaryDirectory(t), 'copy.db');
  await create(place, async (vault, store) => {
    await putRecord(vault, 'machines', 'web1', 'enabled');
    await store.backup(copy);
    await putRecord(vault, 'machines', 'web1', 'disabled');
  });
  restoreFiles(place, new Map());
  copyFileSync(copy, place.path);
  assert.equal(await open(place, nothing), 'rolled-back');
});

test('a record changed or swapped in the file is damaged, the others open', async (t) => {
  const place = makePlace(t);
  await create(place, async (vault) => {
    for (const name of ['a', 'b', 'c']) await putRecord(vault, 'machines', name, `of ${name}`);
  });
  const ids = `(SELECT id FROM record WHERE substr(key, 1, 1) = x'03' ORDER BY id LIMIT 2)`;
  editDatabase(
    place,
    `CREATE TEMP TABLE old AS SELECT id, value FROM record WHERE id IN ${ids};
     UPDATE record SET value = (SELECT value FROM old WHERE old.id <> record.id) WHERE id IN (SELECT id FROM old)`,
  );
  let damaged = 0;
  let good = 0;
  const result = await open(place, async (vault) => {
    for (const name of ['a', 'b', 'c']) {
      await readRecord(vault, 'machines', name).then(
        (value) => {
          assert.equal(value, `of ${name}`);
          good++;
        },
        (error: unknown) => {
          assert.equal((error as { code: string }).code, 'damaged');
          damaged++;
        },
      );
    }
  });
  assert.deepEqual([result, damaged, good], ['ok', 2, 1]);
});

test('a store file cut anywhere is an error with a code, never an empty vault', async (t) => {
  const place = makePlace(t);
  await create(place, async (vault) => {
    for (let index = 0; index < 100; index++) await putRecord(vault, 'machines', `${index}`, 'x'.repeat(500));
  });
  const whole = saveFiles(place);
  const size = whole.get('store.db')?.length ?? 0;
  for (let cut = 0; cut < size; cut += 8_192 + 511) {
    restoreFiles(place, whole);
    truncateSync(place.path, cut);
    let read = 0;
    const result = await open(place, async (vault) => {
      for (let index = 0; index < 100; index++) {
        assert.equal(await readRecord(vault, 'machines', `${index}`), 'x'.repeat(500));
        read++;
      }
    }).catch((error: unknown) => (error as { code?: string }).code ?? String(error));
    assert.ok(['damaged', 'rolled-back', 'not-found'].includes(result), `${cut} of ${size}: ${result}, ${read} read`);
  }
});

test('what is done to the audit in the file is named at its exact place', async (t) => {
  const place = makePlace(t);
  await create(place, async (vault) => {
    for (let index = 1; index <= 40; index++) await putRecord(vault, 'machines', `${index}`, 'x');
  });
  const whole = saveFiles(place);
  const attacks: readonly (readonly [string, string])[] = [
    [`UPDATE audit SET payload = CAST(payload || x'00' AS BLOB) WHERE position = 17`, 'altered 17'],
    ['DELETE FROM audit WHERE position = 17', 'missing 17'],
    ['DELETE FROM audit WHERE position > 30', 'truncated 31'],
    [
      `DELETE FROM audit WHERE position > 30;
       UPDATE head SET number = 30, hash = (SELECT hash FROM audit WHERE position = 30) WHERE name = 'lane/0'`,
      'truncated 31',
    ],
    [
      `UPDATE audit SET position = -position WHERE position IN (12, 29);
       UPDATE audit SET position = 41 + position WHERE position < 0`,
      'out-of-order 12',
    ],
    [`INSERT INTO audit VALUES (41, zeroblob(32), x'00')`, 'out-of-order 41'],
  ];
  for (const [sql, expected] of attacks) {
    restoreFiles(place, whole);
    editDatabase(place, sql);
    const anchor = accepted(await readAnchor(place.anchorPath));
    const found = await withStore(place, async (store) => {
      let last: AuditCheck | undefined;
      for await (const check of verifyAuditChain(store, anchor)) last = check;
      return last?.kind === 'broken' ? `${last.fault} ${last.sequence}` : last?.kind;
    }).catch((error: unknown) => `cannot be opened: ${(error as { code?: string }).code ?? error}`);
    assert.equal(found, expected, sql);
  }
});

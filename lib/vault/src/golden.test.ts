// Stores of every format open for ever, with every slot that opens anywhere, to their last record.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CHEAP_COST } from '@chatelaine/secret';
import { openSqliteStore, type SqliteStore } from '@chatelaine/store';
import { combineKeyShares, openDetached, openVault, parseShare, type SlotSecret } from './index.ts';
import { openPlainly } from './testing/plain-opener.ts';
import { accepted, readRecord, temporaryDirectory } from './testing/test-vault.ts';

interface Golden {
  readonly storeId: string;
  readonly rootKeyId: string;
  readonly passPhrase: string;
  readonly keyFile: string;
  readonly shares?: readonly string[];
  readonly epoch?: { readonly number: number; readonly startedAtUnixMs: number };
  readonly records: readonly (readonly [collection: string, path: string, value: string])[];
  readonly audit: number;
}

const place = new URL('../vectors/golden/', import.meta.url);
const names = readdirSync(place).flatMap((file) => (file.endsWith('.db') ? [file.slice(0, -3)] : []));
const load = (name: string): Golden => JSON.parse(readFileSync(new URL(`${name}.json`, place), 'utf8'));

const openCopy = async (t: TestContext, name: string): Promise<SqliteStore> => {
  const path = join(temporaryDirectory(t), 'store.db');
  copyFileSync(new URL(`${name}.db`, place), path);
  chmodSync(path, 0o600);
  const store = await openSqliteStore({ path, purpose: 'production' });
  t.after(() => store.close());
  return store;
};

const secretsOf = (golden: Golden): { readonly secret: SlotSecret; readonly release: () => void }[] => {
  const release = (): void => undefined;
  const plain: { secret: SlotSecret; release: () => void }[] = [
    { secret: { kind: 'pass-phrase', secret: Buffer.from(golden.passPhrase) }, release },
    { secret: { kind: 'key-file', secret: Buffer.from(golden.keyFile, 'hex') }, release },
  ];
  const shares = golden.shares?.map((text) => accepted(parseShare(Buffer.from(text)))) ?? [];
  if (shares.length === 0) return plain;
  const pairs = [shares.slice(0, 2), shares.slice(1), [shares[2], shares[0]].flatMap((share) => share ?? [])];
  const combined = pairs.map((pair) => accepted(combineKeyShares(pair)));
  for (const { value } of shares) value.release();
  return [...plain, ...combined.map((secret) => ({ secret, release: secret.release }))];
};

test('there is a golden store of every format', () => {
  assert.deepEqual(names.sort(), ['format-1', 'format-2']);
});

for (const name of names) {
  test(`${name}: every slot opens everything`, async (t) => {
    const golden = load(name);
    const store = await openCopy(t, name);
    assert.equal(store.id, golden.storeId);
    const counts = Object.fromEntries(Map.groupBy(golden.records, ([collection]) => collection).entries());
    for (const { secret, release } of secretsOf(golden)) {
      const vault = accepted(await openDetached(store, secret));
      release();
      assert.equal(vault.header.rootKeyId, golden.rootKeyId);
      assert.deepEqual(vault.header.epoch, golden.epoch ?? { number: 0, startedAtUnixMs: 1_800_000_000_000 });
      const contents = accepted(await vault.check());
      assert.equal(contents.auditRecords, golden.audit);
      for (const [collection, records] of Object.entries(counts)) {
        assert.equal(contents.records[collection], records?.length);
      }
      for (const [collection, path, value] of golden.records) {
        const opened = await vault.get(collection, path);
        assert.equal(Buffer.from(opened?.bytes ?? []).toString(), value);
        opened?.release();
      }
      vault.close();
    }
  });

  test(`${name}: restored, it is opened, written to, rotated and opened again`, async (t) => {
    const golden = load(name);
    const store = await openCopy(t, name);
    const anchorPath = join(temporaryDirectory(t), 'anchor');
    const keyFile = { kind: 'key-file', secret: Buffer.from(golden.keyFile, 'hex') } as const;
    const detached = accepted(await openDetached(store, keyFile));
    const epoch = accepted(await detached.beginEpoch(1_900_000_000_000, { lane: 0, record: Buffer.from('restored') }));
    assert.equal(epoch.number, (golden.epoch?.number ?? 0) + 1);
    const state = { revision: await store.revision(), heads: await store.auditHeads() };
    await detached.writeAnchor(anchorPath, store.id, state);
    detached.close();
    const open = (secret: SlotSecret) => openVault({ store, secret, anchorPath, argon2: CHEAP_COST });
    // Slots of format 1 follow a rotation once they were used, or go.
    const peer = { kind: 'peer', secret: Buffer.alloc(32, 5) } as const;
    for (const { secret, release } of [...secretsOf(golden), { secret: peer, release: () => undefined }]) {
      const vault = accepted(await open(secret));
      assert.deepEqual(vault.epoch, epoch);
      await vault.close();
      release();
    }
    const vault = accepted(await open(keyFile));
    const tx = vault.begin();
    tx.put('machines', 'new', Buffer.from('value'));
    assert.equal((await tx.commit()).kind, 'committed');
    accepted(await vault.beginRotation({ root: true, data: true }, 1_900_000_000_001));
    await vault.continueRotation({ signal: new AbortController().signal, share: 1 });
    await vault.close();
    for (const { secret, release } of secretsOf(golden)) {
      const again = accepted(await open(secret));
      release();
      assert.equal(await readRecord(again, 'machines', 'new'), 'value');
      for (const [collection, path, value] of golden.records) {
        assert.equal(await readRecord(again, collection, path), value);
      }
      await again.close();
    }
  });

  test(`${name}: an opener written from the page alone reads it just the same`, async (t) => {
    const golden = load(name);
    const store = await openCopy(t, name);
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const page = await store.list(new Uint8Array(0), { limit: 1_000 });
    assert.ok('entries' in page);
    const audit = await store.audit(0, { from: 1, limit: 1_000 });
    const dumped = {
      storeId: store.id,
      revision: await store.revision(),
      entries: page.entries.map(({ key, value }) => ({ key: hex(key), value: hex(value) })),
      audit: audit.map(({ lane, payload }) => ({ lane, payload: hex(payload) })),
    };
    for (const [kind, secret] of [
      ['pass-phrase', Buffer.from(golden.passPhrase)],
      ['key-file', Buffer.from(golden.keyFile, 'hex')],
    ] as const) {
      const contents = openPlainly(dumped, kind, secret);
      assert.equal(contents.rootKeyId, golden.rootKeyId);
      assert.equal(contents.audit.length, golden.audit);
      const expected = golden.records.map(([collection, path, value]) => ({
        ...{ collection, path },
        value: hex(Buffer.from(value)),
      }));
      const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
      assert.deepEqual(contents.records.toSorted(byPath), expected.toSorted(byPath));
    }
  });
}

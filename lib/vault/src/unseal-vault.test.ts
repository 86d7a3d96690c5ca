import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHEAP_COST, lockedMemory } from '@chatelaine/secret';
import { StoreError } from '@chatelaine/store';
import { createVault, openVault, readAnchor, readVaultHeader } from './index.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { seededRandom } from './testing/seeded-random.ts';
import {
  accepted,
  keyFile,
  makeVault,
  passPhrase,
  putRecord,
  readRecord,
  temporaryDirectory,
} from './testing/test-vault.ts';

const codeOf = (result: { readonly kind: string; readonly code?: string }): string => result.code ?? result.kind;

const create = (store: MemoryStore, anchorPath: string) =>
  createVault({
    store,
    purpose: 'production',
    slot: { ...keyFile, label: '' },
    anchorPath,
    nowUnixMs: 5,
    argon2: CHEAP_COST,
  });

test('what a vault is can be read while it is sealed', async (t) => {
  const { vault, store } = await makeVault(t);
  const header = accepted(await readVaultHeader(store));
  assert.equal(header.rootKeyId, vault.rootKeyId);
  assert.match(header.rootKeyId, /^[0-9a-f]{16}$/);
  assert.equal(header.purpose, 'development');
  assert.equal(header.createdAtUnixMs, 1_700_000_000_000);
  assert.deepEqual(header.slots, await vault.slots());
  assert.equal(codeOf(await readVaultHeader(new MemoryStore())), 'not-found');
});

test('a store made for one purpose is refused for the other', async (t) => {
  const { store, anchorPath } = await makeVault(t);
  const refused = await openVault({ store, secret: keyFile, anchorPath, purpose: 'production' });
  assert.equal(codeOf(refused), 'wrong-purpose');
  const opened = accepted(await openVault({ store, secret: keyFile, anchorPath, purpose: 'development' }));
  await opened.close();
});

test('an old copy of the store put back is refused as rolled back', async (t) => {
  const { vault, store, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'a', 'enabled');
  const old = store.copy();
  await putRecord(vault, 'c', 'a', 'disabled');
  store.state = old;
  const refused = await reopen();
  assert.equal(codeOf(refused), 'rolled-back');
  assert.match((refused.kind === 'refused' && refused.message) || '', /revision 2, its anchor at 3/);
});

test('an old copy whose revision was counted up is refused too: its audit is shorter, or another', async (t) => {
  const { vault, store, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'a', 'enabled');
  const old = store.copy();
  await putRecord(vault, 'c', 'a', 'disabled');
  store.state = { ...old, revision: 99 };
  assert.equal(codeOf(await reopen()), 'rolled-back');
  const forged = new MemoryStore();
  forged.state = store.copy();
  await forged.commit({ conditions: [], puts: [], deletes: [], audit: [{ lane: 0, payload: Buffer.from('forged') }] });
  store.state = forged.state;
  const rewritten = await reopen();
  assert.equal(codeOf(rewritten), 'rolled-back');
  assert.match((rewritten.kind === 'refused' && rewritten.message) || '', /not the one/);
});

test('a store that was emptied is never taken for a new one', async (t) => {
  const { vault, store, anchorPath, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'a', 'value');
  store.state = { ...new MemoryStore().state, id: store.id };
  assert.equal(codeOf(await reopen()), 'rolled-back');
  assert.equal(codeOf(await create(store, anchorPath)), 'rolled-back');
  store.state.id = 'ff'.repeat(16);
  assert.equal(codeOf(await reopen()), 'anchor-missing');
  assert.equal(codeOf(await create(store, anchorPath)), 'already-exists');
});

test('a missing anchor, and one of another store, are refused', async (t) => {
  const one = await makeVault(t);
  const two = await makeVault(t);
  two.store.state.id = 'ee'.repeat(16);
  renameSync(one.anchorPath, `${one.anchorPath}.away`);
  const missing = await one.reopen();
  assert.equal(codeOf(missing), 'anchor-missing');
  copyFileSync(`${one.anchorPath}.away`, two.anchorPath);
  const foreign = await two.reopen();
  assert.equal(codeOf(foreign), 'anchor-missing');
  assert.match((foreign.kind === 'refused' && foreign.message) || '', /of store 0011.*this is store eeee/);
});

test('an anchor made with another root key is refused as damaged', async (t) => {
  const one = await makeVault(t);
  const two = await makeVault(t);
  copyFileSync(one.anchorPath, two.anchorPath);
  assert.equal(codeOf(await two.reopen()), 'damaged');
});

test('a store ahead of its anchor opens, and the anchor catches up', async (t) => {
  const { vault, anchorPath, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'a', '1');
  const old = readFileSync(anchorPath);
  await putRecord(vault, 'c', 'a', '2');
  writeFileSync(anchorPath, old);
  const opened = accepted(await reopen());
  assert.equal(await readRecord(opened, 'c', 'a'), '2');
  const anchor = accepted(await readAnchor(anchorPath));
  assert.equal(anchor.revision, 3);
  assert.equal(anchor.heads[0]?.sequence, 2);
});

test('the anchor is a file of its owner alone, and nothing else is left beside it', async (t) => {
  const { vault, anchorPath } = await makeVault(t);
  await putRecord(vault, 'c', 'a', '1');
  assert.equal(statSync(anchorPath).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(anchorPath, '..')), ['anchor']);
});

test('many commits at once: each is told when the anchor knows it, with far fewer writes', async (t) => {
  const { vault, anchorPath } = await makeVault(t);
  await putRecord(vault, 'c', 'a', '0');
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const tx = vault.begin();
      tx.put('c', `${index}`, Buffer.from('x'));
      tx.appendAudit(index % 2, Buffer.from('x'));
      const committed = await tx.commit();
      assert.ok(committed.kind === 'committed');
      await vault.advanceAnchor(committed);
      const anchor = accepted(await readAnchor(anchorPath));
      assert.ok(anchor.revision >= committed.revision);
      for (const { lane, sequence } of committed.audit) {
        assert.ok((anchor.heads.find((head) => head.lane === lane)?.sequence ?? 0) >= sequence);
      }
    }),
  );
});

test('an anchor that cannot be written says so, and the next one is tried again', async (t) => {
  const { vault, anchorPath, reopen } = await makeVault(t);
  rmSync(anchorPath);
  const away = `${join(anchorPath, '..')}-away`;
  renameSync(join(anchorPath, '..'), away);
  t.after(() => rmSync(away, { recursive: true, force: true }));
  await assert.rejects(putRecord(vault, 'c', 'a', '1'), { code: 'ENOENT' });
  renameSync(away, join(anchorPath, '..'));
  await putRecord(vault, 'c', 'a', '2');
  assert.equal(accepted(await readAnchor(anchorPath)).revision, 3);
  accepted(await reopen());
});

test('a creation that was cut off can be repeated', async (t) => {
  const anchorPath = join(temporaryDirectory(t), 'anchor');
  const store = new MemoryStore();
  const { commit } = store;
  store.commit = async () => ({ kind: 'refused', code: 'disk-full' });
  assert.equal(codeOf(await create(store, anchorPath)), 'disk-full');
  assert.equal(codeOf(await openVault({ store, secret: keyFile, anchorPath })), 'not-found');
  store.commit = commit;
  const vault = accepted(await create(store, anchorPath));
  await vault.close();
});

test('with the same randomness the same vault is made: a test can replay', async (t) => {
  const made = await Promise.all(
    ['one seed', 'one seed', 'another'].map(async (seed) => {
      const store = new MemoryStore();
      const anchorPath = join(temporaryDirectory(t), 'anchor');
      const slot = { ...keyFile, label: '' };
      const random = seededRandom(seed);
      const options = {
        store,
        purpose: 'production',
        slot,
        anchorPath,
        nowUnixMs: 0,
        argon2: CHEAP_COST,
        random,
      } as const;
      const vault = accepted(await createVault(options));
      await putRecord(vault, 'c', 'a', 'value');
      await vault.close();
      return { state: store.copy(), anchor: readFileSync(anchorPath) };
    }),
  );
  assert.deepEqual(made[1], made[0]);
  assert.notDeepEqual(made[2], made[0]);
});

test('a vault is made in an empty store only, with a good first slot', async (t) => {
  const { store, anchorPath } = await makeVault(t);
  assert.equal(codeOf(await create(store, anchorPath)), 'already-exists');
  const fresh = new MemoryStore();
  const weak = await createVault({
    store: fresh,
    purpose: 'production',
    slot: { kind: 'pass-phrase', secret: Buffer.from('short'), label: '' },
    anchorPath: `${anchorPath}2`,
    nowUnixMs: 0,
  });
  assert.equal(codeOf(weak), 'weak-pass-phrase');
  assert.equal(fresh.state.revision, 0);
});

test('what a store says of itself is passed on as a refusal', async (t) => {
  const { store, reopen } = await makeVault(t);
  for (const code of ['damaged', 'unsupported-format', 'busy'] as const) {
    t.mock.method(store, 'list', async () => {
      throw new StoreError(code, 'says the store');
    });
    assert.equal(codeOf(await reopen()), code);
    assert.equal(codeOf(await readVaultHeader(store)), code);
    t.mock.restoreAll();
  }
});

test('a refused opening leaves no key in locked memory', async (t) => {
  const { vault, store, anchorPath } = await makeVault(t, passPhrase);
  await putRecord(vault, 'c', 'a', 'value');
  await vault.close();
  const { pieces } = lockedMemory.use();
  const tryOpen = () => openVault({ store, secret: passPhrase, anchorPath, argon2: CHEAP_COST });
  renameSync(anchorPath, `${anchorPath}.away`);
  assert.equal(codeOf(await tryOpen()), 'anchor-missing');
  renameSync(`${anchorPath}.away`, anchorPath);
  const audit = [...store.state.entries.keys()].find((key) => key.startsWith('0202')) ?? '';
  store.state.entries.delete(audit);
  assert.equal(codeOf(await tryOpen()), 'damaged');
  assert.equal(lockedMemory.use().pieces, pieces);
});

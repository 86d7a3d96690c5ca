import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockedMemory } from '@chatelaine/secret';
import { openDetached, readVaultHeader } from './index.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { accepted, keyFile, makeVault, passPhrase, putRecord, temporaryDirectory } from './testing/test-vault.ts';

const codeOf = (result: { readonly kind: string; readonly code?: string }): string => result.code ?? result.kind;

/** Opens and checks a store; the code of what refuses, or `ok`. */
const codeOfCheck = async (store: MemoryStore): Promise<string> => {
  const opened = await openDetached(store, keyFile);
  if (opened.kind === 'refused') return opened.code;
  const checked = await opened.value.check();
  opened.value.close();
  return codeOf(checked);
};

const flip = (bytes: Uint8Array, at: number): Uint8Array => {
  const flipped = Uint8Array.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  return flipped;
};

test('a check opens everything, says how much there was and leaves the store as it is', async (t) => {
  const { vault, store } = await makeVault(t);
  for (let index = 0; index < 1_200; index++) await putRecord(vault, `c${index % 2}`, `a/${index}`, `${index}`);
  const { pieces } = lockedMemory.use();
  const before = store.copy();
  const opened = accepted(await openDetached(store, keyFile));
  const seen: number[] = [];
  const contents = accepted(await opened.check(({ records, auditRecords }) => seen.push(records + auditRecords)));
  assert.deepEqual(contents, {
    ...{ records: { c0: 600, c1: 600 }, auditRecords: 1_200 },
    ...{ isListed: false, revision: before.revision },
  });
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  opened.close();
  assert.deepEqual(store.state, before);
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('one flipped byte anywhere, in header, keys, records and audit, and the check says damaged', async (t) => {
  const { vault, store } = await makeVault(t);
  for (let index = 0; index < 3; index++) await putRecord(vault, 'c', `${index}`, 'value');
  const { pieces } = lockedMemory.use();
  for (const [key, entry] of [...store.state.entries]) {
    for (let at = 0; at < entry.value.length; at += 3) {
      store.state.entries.set(key, { ...entry, value: flip(entry.value, at) });
      const code = await codeOfCheck(store);
      // The one slot of a store that does not open is a wrong key, as far as anybody can tell.
      const expected = ['damaged', 'unsupported-format', ...(key.startsWith('01') ? ['wrong-key'] : [])];
      assert.ok(expected.includes(code), `${key} at ${at}: ${code}`);
    }
    store.state.entries.delete(key);
    // That a record is missing shows in no other; neither does the public key of a slot, which is made again.
    if (!key.startsWith('03') && !key.startsWith('0204'))
      assert.notEqual(await codeOfCheck(store), 'ok', `${key} taken away`);
    store.state.entries.set(key, entry);
  }
  const [records = []] = store.state.lanes.values();
  for (const [index, record] of [...records].entries()) {
    records[index] = { ...record, payload: flip(record.payload, record.payload.length - 1) };
    assert.equal(await codeOfCheck(store), 'damaged');
    records.splice(index, 1);
    assert.equal(await codeOfCheck(store), 'damaged', 'a record of the audit is missing');
    records.splice(index, 0, record);
  }
  assert.equal(await codeOfCheck(store), 'ok');
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('a record under another name, and one that belongs to no collection, are noticed', async (t) => {
  const { vault, store } = await makeVault(t);
  await putRecord(vault, 'c', 'a', 'value');
  const [key, entry] = [...store.state.entries].find(([name]) => name.startsWith('03')) ?? [];
  assert.ok(key !== undefined && entry !== undefined);
  const stranger = `03${'ab'.repeat(32)}`;
  store.state.entries.set(stranger, { ...entry, key: Buffer.from(stranger, 'hex') });
  assert.equal(await codeOfCheck(store), 'damaged');
  store.state.entries.delete(stranger);
  const beside = `${key.slice(0, 34)}${'cd'.repeat(16)}`;
  store.state.entries.set(beside, { ...entry, key: Buffer.from(beside, 'hex') });
  assert.equal(await codeOfCheck(store), 'damaged');
});

test('what was taken out of a backup that says what it holds is missed, be it a record or the end of the audit', async (t) => {
  const { vault, store } = await makeVault(t);
  for (let index = 0; index < 600; index++) await putRecord(vault, 'c', `${index}`, 'value');
  const { revision } = store.state;
  await vault.listContents(store);
  const opened = accepted(await openDetached(store, keyFile));
  const contents = accepted(await opened.check());
  assert.equal(contents.isListed, true);
  assert.equal(contents.revision, revision, 'of the store, not of its copy');
  opened.close();
  const whole = store.copy();
  const records = [...whole.entries.keys()].filter((key) => key.startsWith('03'));
  for (const key of [records[0], records[300], records.at(-1)]) {
    store.state.entries.delete(key ?? '');
    assert.equal(await codeOfCheck(store), 'damaged');
    store.state = structuredClone(whole);
  }
  const [lane = 0, head] = [...store.state.heads][0] ?? [];
  const audit = store.state.lanes.get(lane) ?? [];
  const before = audit.at(-2);
  assert.ok(head !== undefined && before !== undefined);
  audit.pop();
  store.state.heads.set(lane, { lane, sequence: before.sequence, hash: before.hash });
  assert.equal(await codeOfCheck(store), 'damaged');
});

test('the list of another backup of the same store vouches for nothing', async (t) => {
  const { vault, store } = await makeVault(t);
  await putRecord(vault, 'c', 'a', 'value');
  await vault.listContents(store);
  const older = store.state.entries.get('05');
  store.state.entries.delete('05');
  await putRecord(vault, 'c', 'b', 'value');
  await vault.listContents(store);
  assert.equal(await codeOfCheck(store), 'ok');
  assert.ok(older !== undefined);
  store.state.entries.set('05', older);
  assert.equal(await codeOfCheck(store), 'damaged');
});

test('a restored store holds what it likes', async (t) => {
  const { vault, store } = await makeVault(t);
  await putRecord(vault, 'c', 'a', 'value');
  await vault.listContents(store);
  const opened = accepted(await openDetached(store, keyFile));
  accepted(await opened.beginEpoch(1_800_000_000_000, { lane: 0, record: Buffer.from('!') }));
  assert.equal(accepted(await opened.check()).isListed, false);
  opened.close();
});

test('a wrong secret and an empty store are refused', async (t) => {
  const { store } = await makeVault(t);
  assert.equal(codeOf(await openDetached(store, passPhrase)), 'wrong-key');
  assert.equal(codeOf(await openDetached(new MemoryStore(), keyFile)), 'not-found');
});

test('a new epoch is readable while sealed, and one of its own each time', async (t) => {
  const { store, reopen } = await makeVault(t);
  for (const number of [1, 2]) {
    const opened = accepted(await openDetached(store, keyFile));
    const begun = accepted(await opened.beginEpoch(1_800_000_000_000 + number, { lane: 0, record: Buffer.from('!') }));
    assert.deepEqual(begun, { number, startedAtUnixMs: 1_800_000_000_000 + number });
    const anchor = `${temporaryDirectory(t)}/anchor`;
    await opened.writeAnchor(anchor, store.id, { revision: store.state.revision, heads: await store.auditHeads() });
    opened.close();
    assert.deepEqual(accepted(await readVaultHeader(store)).epoch, begun);
  }
  assert.deepEqual(accepted(await reopen()).epoch.number, 2);
});

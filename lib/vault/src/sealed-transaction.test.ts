import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockedMemory } from '@chatelaine/secret';
import { accepted, makeVault, putRecord, readRecord } from './testing/test-vault.ts';

test('what was put is there, under its own name, also after opening again', async (t) => {
  const { vault, reopen } = await makeVault(t);
  await putRecord(vault, 'machines', 'zurich/rack1/web1', 'the disk password');
  assert.equal(await readRecord(vault, 'machines', 'zurich/rack1/web1'), 'the disk password');
  assert.equal(await readRecord(vault, 'machines', 'zurich/rack1'), undefined);
  assert.equal(await readRecord(vault, 'passwords', 'zurich/rack1/web1'), undefined);
  const again = accepted(await reopen());
  assert.equal(await readRecord(again, 'machines', 'zurich/rack1/web1'), 'the disk password');
});

test('a record that changed after it was read makes the commit a conflict', async (t) => {
  const { vault } = await makeVault(t);
  await putRecord(vault, 'machines', 'web1', 'enabled');
  const tx = vault.begin();
  (await tx.get('machines', 'web1'))?.value.release();
  tx.put('machines', 'web1/last', Buffer.from('released'));
  await putRecord(vault, 'machines', 'web1', 'disabled');
  assert.deepEqual(await tx.commit(), { kind: 'conflict' });
  assert.equal(await readRecord(vault, 'machines', 'web1/last'), undefined);
});

test('a record that was absent and appeared makes the commit a conflict', async (t) => {
  const { vault } = await makeVault(t);
  await putRecord(vault, 'machines', 'other', 'x');
  const tx = vault.begin();
  assert.equal(await tx.get('machines', 'web1'), undefined);
  tx.put('machines', 'other', Buffer.from('y'));
  await putRecord(vault, 'machines', 'web1', 'z');
  assert.deepEqual(await tx.commit(), { kind: 'conflict' });
});

test('a transaction that saw one record in two states never commits, even if it is as at first again', async (t) => {
  const { vault } = await makeVault(t);
  await putRecord(vault, 'machines', 'other', 'x');
  const tx = vault.begin();
  assert.equal(await tx.get('machines', 'web1'), undefined);
  await putRecord(vault, 'machines', 'web1', 'for a moment');
  (await tx.get('machines', 'web1'))?.value.release();
  const remove = vault.begin();
  remove.delete('machines', 'web1');
  await remove.commit();
  tx.put('machines', 'other', Buffer.from('y'));
  assert.deepEqual(await tx.commit(), { kind: 'conflict' });
});

test('inside a transaction a record is as the transaction left it', async (t) => {
  const { vault } = await makeVault(t);
  await putRecord(vault, 'machines', 'web1', 'old');
  const tx = vault.begin();
  const read = async (): Promise<string | undefined> => {
    const record = await tx.get('machines', 'web1');
    const text = record && Buffer.from(record.value.bytes).toString();
    record?.value.release();
    return text;
  };
  assert.equal(await read(), 'old');
  const value = Buffer.from('new');
  tx.put('machines', 'web1', value);
  value.fill(0);
  assert.equal(await read(), 'new');
  tx.delete('machines', 'web1');
  assert.equal(await read(), undefined);
  tx.put('machines', 'web1', Buffer.from('newest'));
  assert.equal((await tx.commit()).kind, 'committed');
  assert.equal(await readRecord(vault, 'machines', 'web1'), 'newest');
});

test('also the first record of a new collection can be read before the commit', async (t) => {
  const { vault } = await makeVault(t);
  const tx = vault.begin();
  tx.put('new', 'a', Buffer.from('1'));
  const record = await tx.get('new', 'a');
  assert.equal(Buffer.from(record?.value.bytes ?? []).toString(), '1');
  record?.value.release();
  assert.equal((await tx.commit()).kind, 'committed');
});

test('two first uses of a collection at once leave one data key, and both records open', async (t) => {
  const { vault, store, reopen } = await makeVault(t);
  const [a, b] = [vault.begin(), vault.begin()];
  a.put('new', 'a', Buffer.from('1'));
  b.put('new', 'b', Buffer.from('2'));
  assert.equal((await a.commit()).kind, 'committed');
  assert.equal((await b.commit()).kind, 'committed');
  assert.equal([...store.state.entries.keys()].filter((key) => key.startsWith('0203')).length, 1);
  const again = accepted(await reopen());
  assert.equal(await readRecord(again, 'new', 'a'), '1');
  assert.equal(await readRecord(again, 'new', 'b'), '2');
});

test('two vaults over one store agree on the data key of a new collection', async (t) => {
  const { vault, reopen } = await makeVault(t);
  const other = accepted(await reopen());
  const tx = vault.begin();
  tx.put('new', 'a', Buffer.from('1'));
  await putRecord(other, 'new', 'b', '2');
  assert.deepEqual(await tx.commit(), { kind: 'conflict' });
  await putRecord(vault, 'new', 'a', '1');
  assert.equal(await readRecord(other, 'new', 'a'), '1');
  assert.equal(await readRecord(vault, 'new', 'b'), '2');
});

test('a transaction whose commit was refused can be made again', async (t) => {
  const { vault } = await makeVault(t);
  const tx = vault.begin();
  for (let index = 0; index < 101; index++) tx.put('new', `${index}`, Buffer.alloc(1));
  const refused = await tx.commit();
  assert.equal(refused.kind === 'refused' && refused.code, 'too-large');
  const big = vault.begin();
  big.put('new', 'a', Buffer.alloc(1_048_577));
  const tooBig = await big.commit();
  assert.equal(tooBig.kind === 'refused' && tooBig.code, 'too-large');
  await putRecord(vault, 'new', 'a', 'small');
  assert.equal(await readRecord(vault, 'new', 'a'), 'small');
});

test('wrong use throws: after the commit, after closing, with nothing to commit, with a path that cannot be one', async (t) => {
  const { vault } = await makeVault(t);
  await assert.rejects(vault.begin().commit(), RangeError);
  const tx = vault.begin();
  tx.put('c', 'a', Buffer.alloc(1));
  await tx.commit();
  assert.throws(() => tx.put('c', 'b', Buffer.alloc(1)), /over/);
  await assert.rejects(tx.get('c', 'a'), /over/);
  await assert.rejects(tx.commit(), /over/);
  const wrong = ['', '/a', 'a/', 'a//b', '\ud800', 'a/'.repeat(32).concat('a'), 'é'.repeat(2_049)];
  for (const path of wrong) await assert.rejects(vault.begin().get('c', path), RangeError);
  for (const name of ['', '\udfff', 'x'.repeat(65)]) await assert.rejects(vault.begin().get(name, 'a'), RangeError);
  await assert.rejects(vault.list('c', 'a//b', { limit: 1 }), RangeError);
  const open = vault.begin();
  await vault.close();
  assert.throws(() => open.put('c', 'a', Buffer.alloc(1)), /closed/);
  await assert.rejects(vault.list('c', '', { limit: 1 }), /closed/);
});

test('the longest names there are can be kept', async (t) => {
  const { vault } = await makeVault(t);
  const paths = [`${'a/'.repeat(31)}b`, `x${'é'.repeat(2_047)}`, '日本/\u0000/e\u0301/é'];
  for (const path of paths) await putRecord(vault, 'é'.repeat(32), path, path);
  for (const path of paths) assert.equal(await readRecord(vault, 'é'.repeat(32), path), path);
});

test('listing gives whole-segment prefixes, page by page, with the names that were put', async (t) => {
  const { vault } = await makeVault(t);
  const names = ['a', 'a/b', 'a/b/c', 'a/bc', 'ab', 'b'];
  for (const name of names) await putRecord(vault, 'c', name, `value of ${name}`);
  const listed = async (prefix: string, limit: number): Promise<string[]> => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await vault.list('c', prefix, cursor === undefined ? { limit } : { limit, cursor });
      for (const { path, value } of page.records) {
        assert.equal(Buffer.from(value.bytes).toString(), `value of ${path}`);
        value.release();
        found.push(path);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found.sort();
  };
  for (const limit of [1, 2, 100]) {
    assert.deepEqual(await listed('', limit), names);
    assert.deepEqual(await listed('a', limit), ['a', 'a/b', 'a/b/c', 'a/bc']);
    assert.deepEqual(await listed('a/b', limit), ['a/b', 'a/b/c']);
    assert.deepEqual(await listed('nothing', limit), []);
  }
  assert.deepEqual((await vault.list('other', '', { limit: 5 })).records, []);
});

test('released records leave nothing in locked memory, and a closed vault no key', async (t) => {
  const before = lockedMemory.use().pieces;
  const { vault } = await makeVault(t);
  await putRecord(vault, 'c', 'a', 'a secret');
  const record = await vault.begin().get('c', 'a');
  const view = record?.value.bytes;
  assert.equal(Buffer.from(view ?? []).toString(), 'a secret');
  record?.value.release();
  assert.ok(view?.every((byte) => byte === 0));
  await vault.close();
  await vault.close();
  assert.equal(lockedMemory.use().pieces, before);
});

test('an audit record opens as it was written, in its own lane only', async (t) => {
  const { vault, store } = await makeVault(t);
  const tx = vault.begin();
  tx.appendAudit(0, Buffer.from('who did what'));
  tx.appendAudit(3, Buffer.from(''));
  const committed = await tx.commit();
  assert.ok(committed.kind === 'committed');
  assert.deepEqual(
    committed.audit.map(({ lane, sequence }) => [lane, sequence]),
    [
      [0, 1],
      [3, 1],
    ],
  );
  const [entry] = await store.audit(0, { from: 1, limit: 1 });
  const [empty] = await store.audit(3, { from: 1, limit: 1 });
  assert.ok(entry !== undefined && empty !== undefined);
  const opened = vault.openAudit(entry);
  assert.equal(Buffer.from(opened.bytes).toString(), 'who did what');
  opened.release();
  vault.openAudit(empty).release();
  assert.throws(() => vault.openAudit({ ...entry, lane: 1 }), { name: 'DamagedRecordError', code: 'damaged' });
});

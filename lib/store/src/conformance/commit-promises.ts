// Promises about commits: all or nothing, conditions, limits, and what is there afterwards.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MAX_KEY_BYTES, MAX_OPERATIONS, MAX_TRANSACTION_BYTES, type Transaction } from '../store.ts';
import { bytesOf, commitOf, readWord, transactionOf } from './sample-transactions.ts';
import type { MakeStore } from './store-under-test.ts';

const empty: Transaction = { conditions: [], puts: [], deletes: [], audit: [] };

const limitPromises = (make: MakeStore): void => {
  it('takes keys, operations and bytes up to the limits, and refuses more as too large, changing nothing', async (t) => {
    const { store } = await make(t);
    const longest = new Uint8Array(MAX_KEY_BYTES).fill(0xff);
    const largest = new Uint8Array(MAX_TRANSACTION_BYTES - MAX_KEY_BYTES).fill(7);
    assert.equal((await store.commit({ ...empty, puts: [{ key: longest, value: largest }] })).kind, 'committed');
    const entry = await store.get(longest);
    assert.ok(entry !== undefined && !('kind' in entry));
    assert.deepEqual(Buffer.from(entry.value), Buffer.from(largest));
    const puts = Array.from({ length: MAX_OPERATIONS + 1 }, (_, index) => ({
      key: bytesOf(`many/${index}`),
      value: bytesOf('v'),
    }));
    assert.equal((await store.commit({ ...empty, puts: puts.slice(1) })).kind, 'committed');
    const before = await store.revision();
    const tooMuch: Transaction[] = [
      { ...empty, puts },
      { ...empty, puts: [{ key: new Uint8Array(MAX_KEY_BYTES + 1), value: bytesOf('v') }] },
      { ...empty, puts: [{ key: longest, value: new Uint8Array(largest.length + 1) }] },
      { ...empty, audit: [{ lane: 0, payload: new Uint8Array(MAX_TRANSACTION_BYTES + 1) }] },
    ];
    for (const transaction of tooMuch) {
      const answer = await store.commit(transaction);
      assert.ok(answer.kind === 'refused' && answer.code === 'too-large');
    }
    assert.equal(await store.revision(), before);
    assert.deepEqual(await store.auditHeads(), []);
  });

  it('throws where only a bug can be the cause, and changes nothing', async (t) => {
    const { store } = await make(t);
    const key = bytesOf('twice');
    const wrong: Transaction[] = [
      empty,
      { ...empty, puts: [{ key: new Uint8Array(0), value: key }] },
      { ...empty, conditions: [{ key: new Uint8Array(0), absent: true }] },
      { ...empty, puts: [{ key, value: key }], deletes: [key.slice()] },
      { ...empty, deletes: [key, key.slice()] },
      { ...empty, audit: [{ lane: -1, payload: key }] },
      { ...empty, audit: [{ lane: 256, payload: key }] },
      { ...empty, conditions: [{ key, revision: 0 }] },
    ];
    for (const transaction of wrong) await assert.rejects(store.commit(transaction), RangeError);
    await assert.rejects(store.get(new Uint8Array(0)), RangeError);
    await assert.rejects(store.get(new Uint8Array(MAX_KEY_BYTES + 1)), RangeError);
    for (const limit of [0, 1_001, 1.5]) await assert.rejects(store.list(key, { limit }), RangeError);
    assert.equal(await store.revision(), 0);
  });
};

export const commitPromises = (make: MakeStore): void => {
  it('begins at revision 0, holding nothing', async (t) => {
    const { store } = await make(t);
    assert.match(store.id, /^[0-9a-f]{32}$/);
    assert.equal(await store.revision(), 0);
    assert.equal(await readWord(store, 'a'), undefined);
    assert.deepEqual(await store.list(new Uint8Array(0), { limit: 10 }), { entries: [], revision: 0 });
  });

  it('gives back what was put, byte for byte, with the revision of the commit', async (t) => {
    const { store } = await make(t);
    const key = Uint8Array.from({ length: 256 }, (_, index) => index);
    const value = Uint8Array.from({ length: 3_000 }, (_, index) => (index * 31) % 256);
    const { revision } = await commitOf(store, { puts: { first: '1' } });
    await store.commit({ ...empty, puts: [{ key, value }] });
    const entry = await store.get(key);
    assert.ok(entry !== undefined && !('kind' in entry));
    assert.deepEqual([Buffer.from(entry.key), Buffer.from(entry.value)], [Buffer.from(key), Buffer.from(value)]);
    assert.ok(entry.revision > revision);
    assert.equal(entry.revision, await store.revision());
  });

  it('keeps an empty value apart from no value', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { puts: { empty: '' } });
    assert.equal(await readWord(store, 'empty'), '');
    assert.equal(
      (await store.commit(transactionOf({ conditions: [{ key: bytesOf('empty'), absent: true }], puts: { x: '' } })))
        .kind,
      'conflict',
    );
  });

  it('copies what it is given before commit returns, so that the caller may wipe it', async (t) => {
    const { store } = await make(t);
    const transaction = transactionOf({ puts: { wiped: 'value' }, audit: ['record'] });
    const answer = store.commit(transaction);
    for (const { key, value } of transaction.puts) {
      key.fill(0);
      value.fill(0);
    }
    for (const { payload } of transaction.audit) payload.fill(0);
    await answer;
    assert.equal(await readWord(store, 'wiped'), 'value');
    assert.deepEqual((await store.audit(0, { from: 1, limit: 1 }))[0]?.payload, bytesOf('record'));
  });

  it('does all of a transaction or nothing, and names the key whose condition did not hold', async (t) => {
    const { store } = await make(t);
    const { revision } = await commitOf(store, { puts: { a: '1', b: '1' } });
    const answer = await store.commit(
      transactionOf({
        conditions: [
          { key: bytesOf('a'), revision },
          { key: bytesOf('b'), revision: revision + 1 },
        ],
        puts: { a: '2', c: '2' },
        deletes: ['b'],
        audit: ['never'],
      }),
    );
    assert.ok(answer.kind === 'conflict');
    assert.deepEqual(Buffer.from(answer.key), Buffer.from('b'));
    assert.deepEqual(
      [await readWord(store, 'a'), await readWord(store, 'b'), await readWord(store, 'c')],
      ['1', '1', undefined],
    );
    assert.deepEqual([await store.revision(), await store.auditHeads()], [revision, []]);
  });

  it('holds a condition on absence only while the key is absent', async (t) => {
    const { store } = await make(t);
    const once = () =>
      store.commit(transactionOf({ conditions: [{ key: bytesOf('n'), absent: true }], puts: { n: '1' } }));
    assert.deepEqual([(await once()).kind, (await once()).kind], ['committed', 'conflict']);
    await commitOf(store, { deletes: ['n'] });
    assert.equal((await once()).kind, 'committed');
  });

  it('changes nothing and takes no revision for conditions alone', async (t) => {
    const { store } = await make(t);
    const { revision } = await commitOf(store, { puts: { a: '1' } });
    const check = (at: number) => store.commit(transactionOf({ conditions: [{ key: bytesOf('a'), revision: at }] }));
    assert.deepEqual(await check(revision), { kind: 'committed', revision, audit: [] });
    assert.equal((await check(revision + 1)).kind, 'conflict');
    assert.equal(await store.revision(), revision);
  });

  it('takes the deletion of what is not there', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { deletes: ['nothing'], puts: { a: '1' } });
    assert.equal(await readWord(store, 'nothing'), undefined);
  });

  it('lets exactly one of many concurrent writers win each round of compare-and-swap', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { puts: { counter: '0' } });
    const addOne = async (): Promise<void> => {
      for (;;) {
        const entry = await store.get(bytesOf('counter'));
        assert.ok(entry !== undefined && !('kind' in entry));
        const next = String(Number(Buffer.from(entry.value).toString()) + 1);
        const conditions = [{ key: bytesOf('counter'), revision: entry.revision }];
        const answer = await store.commit(transactionOf({ conditions, puts: { counter: next }, audit: [next] }));
        if (answer.kind === 'committed') return;
        assert.equal(answer.kind, 'conflict');
      }
    };
    await Promise.all(Array.from({ length: 20 }, async () => [await addOne(), await addOne(), await addOne()]));
    assert.equal(await readWord(store, 'counter'), '60');
    const records = await store.audit(0, { from: 1, limit: 100 });
    assert.deepEqual(
      records.map(({ payload }) => Number(Buffer.from(payload).toString())),
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });

  it('refuses one of a burst of commits without touching the others', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { puts: { taken: '1' } });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store.commit(
          transactionOf({
            conditions: [{ key: bytesOf(index % 5 === 0 ? 'taken' : `free/${index}`), absent: true }],
            puts: { [`free/${index}`]: 'x' },
          }),
        ),
      ),
    );
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? 'conflict' : 'committed')),
    );
    const page = await store.list(bytesOf('free/'), { limit: 100 });
    assert.ok(!('kind' in page) && page.entries.length === 40);
  });

  it('gives every commit a greater revision than the one before, also after it was opened again', async (t) => {
    const { store, reopen } = await make(t);
    const answers = await Promise.all(['a', 'b', 'c'].map((key) => commitOf(store, { puts: { [key]: 'v' } })));
    const revisions = answers.map(({ revision }) => revision);
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((x, y) => x - y),
    );
    await commitOf(store, { deletes: ['a', 'b', 'c'] });
    const { id } = store;
    const last = await store.revision();
    const again = await reopen();
    assert.deepEqual([again.id, await again.revision()], [id, last]);
    assert.ok((await commitOf(again, { puts: { d: 'v' } })).revision > last);
  });

  it('answers commits that were under way when it was closed, and none after', async (t) => {
    const { store, reopen } = await make(t);
    const under = Array.from({ length: 20 }, (_, index) => commitOf(store, { puts: { [`k${index}`]: 'v' } }));
    await Promise.all([store.close(), store.close(), ...under]);
    await assert.rejects(store.commit(transactionOf({ puts: { late: 'v' } })), /closed/);
    await assert.rejects(store.get(bytesOf('k0')), /closed/);
    const page = await (await reopen()).list(bytesOf('k'), { limit: 100 });
    assert.ok(!('kind' in page) && page.entries.length === 20);
  });

  limitPromises(make);
};

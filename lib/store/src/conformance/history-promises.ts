// Promises about pages, past moments and watches.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Change, Compacted, Store } from '../store.ts';
import { bytesOf, commitOf, readAll, readWord, wordOf } from './sample-transactions.ts';
import type { MakeStore } from './store-under-test.ts';

const wordOfChange = (change: Change | Compacted): string => {
  if (change.kind === 'put') return `${wordOf(change.entry.key)}=${wordOf(change.entry.value)}`;
  return change.kind === 'delete' ? `-${wordOf(change.key)}` : 'compacted';
};

/** The first `count` changes of a watch. */
const takeChanges = async (
  store: Store,
  prefix: string,
  since: number,
  count: number,
): Promise<(Change | Compacted)[]> => {
  const taken: (Change | Compacted)[] = [];
  const stop = new AbortController();
  for await (const change of store.watch(bytesOf(prefix), since, stop.signal)) {
    taken.push(change);
    if (taken.length === count) stop.abort();
  }
  return taken;
};

const watchPromises = (make: MakeStore): void => {
  it('shows a watcher every change under its prefix once and in order, those before it came included', async (t) => {
    const { store } = await make(t);
    const { revision } = await commitOf(store, { puts: { 'w/old': '0' } });
    await commitOf(store, { puts: { 'w/a': '1', other: '1' } });
    const taken = takeChanges(store, 'w/', revision, 4);
    await commitOf(store, { puts: { other: '2' } });
    await commitOf(store, { puts: { 'w/a': '2' } });
    await commitOf(store, { deletes: ['w/a', 'w/none'] });
    await commitOf(store, { puts: { 'w/b': '3' } });
    assert.deepEqual((await taken).map(wordOfChange), ['w/a=1', 'w/a=2', '-w/a', 'w/b=3']);
  });

  it('gives a change the revision of its commit', async (t) => {
    const { store } = await make(t);
    const { revision } = await commitOf(store, { puts: { w: '1' } });
    const [change] = await takeChanges(store, '', 0, 1);
    assert.ok(change?.kind === 'put' && change.entry.revision === revision);
  });

  it('tells a watcher that asks for what is not known to list again, and goes on from there', async (t) => {
    const { store, reopen } = await make(t);
    const { revision } = await commitOf(store, { puts: { a: '1' } });
    const taken = takeChanges(store, '', revision + 1_000, 2);
    const [first] = await takeChanges(store, '', revision + 1_000, 1);
    assert.deepEqual(first, { kind: 'compacted', revision });
    await commitOf(store, { puts: { b: '1' } });
    assert.deepEqual((await taken).map(wordOfChange), ['compacted', 'b=1']);
    // What was before the store was opened need not be known, but must not be passed over silently.
    const [afterwards] = await takeChanges(await reopen(), '', 0, 1);
    assert.ok(afterwards !== undefined && ['compacted', 'a=1'].includes(wordOfChange(afterwards)));
  });

  it('ends a watch without an error when it is aborted, or when the store closes', async (t) => {
    const { store } = await make(t);
    const stop = new AbortController();
    const ended = (async () => {
      for await (const _ of store.watch(bytesOf(''), 0, stop.signal)) assert.fail('nothing changed');
    })();
    const open = (async () => {
      for await (const _ of store.watch(bytesOf(''), 0, new AbortController().signal)) assert.fail('nothing changed');
    })();
    stop.abort();
    await ended;
    await store.close();
    await open;
  });
};

export const historyPromises = (make: MakeStore): void => {
  it('lists by prefix, in the order of the bytes, page by page without gap or repetition', async (t) => {
    const { store } = await make(t);
    const keys = ['p', 'p\x00', 'p/1', 'p/10', 'p/2', 'p\xff', 'p\xff\xff', 'q', 'o\xff'];
    await commitOf(store, { puts: Object.fromEntries(keys.map((key) => [key, 'v'])) });
    const expected = ['p', 'p\x00', 'p/1', 'p/10', 'p/2', 'p\xff', 'p\xff\xff'].map((key) => `${key}=v`);
    for (const limit of [1, 2, 3, 7, 1_000]) assert.deepEqual(await readAll(store, 'p', limit), expected);
    assert.deepEqual(await readAll(store, 'p\xff', 1), ['p\xff=v', 'p\xff\xff=v']);
    assert.deepEqual(await readAll(store, '\xff', 10), []);
    assert.equal((await readAll(store, '', 2)).length, keys.length);
  });

  it('neither changes nor keeps the arrays it is given or gives, be they views of a larger one', async (t) => {
    const { store } = await make(t);
    const whole = Buffer.from('k/1value k/ k/1');
    const [key, value, prefix, again] = [
      whole.subarray(0, 3),
      whole.subarray(3, 8),
      whole.subarray(9, 11),
      whole.subarray(12),
    ];
    const changes = takeChanges(store, 'k', 0, 1);
    const answer = await store.commit({ conditions: [], puts: [{ key, value }], deletes: [], audit: [] });
    assert.ok(answer.kind === 'committed');
    const read = async () => [
      await store.get(again),
      await store.get(again, { atRevision: answer.revision }),
      await store.list(prefix, { limit: 1 }),
      await store.list(prefix, { limit: 1, atRevision: answer.revision }),
    ];
    const before = await read();
    assert.equal(whole.toString(), 'k/1value k/ k/1');
    const conflict = await store.commit({ conditions: [{ key, absent: true }], puts: [], deletes: [again], audit: [] });
    assert.ok(conflict.kind === 'conflict');
    const [change] = await changes;
    assert.ok(change?.kind === 'put');
    for (const given of [conflict.key, change.entry.key, change.entry.value]) given.fill(0);
    const copies = structuredClone(before);
    for (const entry of [before[0], before[1]]) if (entry !== undefined && 'value' in entry) entry.value.fill(0);
    for (const page of [before[2], before[3]])
      if (page !== undefined && 'entries' in page) page.entries[0]?.key.fill(0);
    assert.deepEqual(await read(), copies);
  });

  it('refuses a cursor that does not belong to the list', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { puts: { 'a/1': 'v', 'a/2': 'v', 'b/1': 'v' } });
    const page = await store.list(bytesOf('a/'), { limit: 1 });
    assert.ok(!('kind' in page) && page.cursor !== undefined);
    const { cursor } = page;
    await assert.rejects(store.list(bytesOf('b/'), { limit: 1, cursor }), RangeError);
  });

  it('shows a past moment while others write: changed, deleted and new keys as they were', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { puts: { 'k/a': '1', 'k/b': '1', 'k/c': '1' } });
    const { revision } = await commitOf(store, { puts: { 'k/b': '2' } });
    await commitOf(store, { puts: { 'k/a': '3', 'k/aa': '3' }, deletes: ['k/c'] });
    await commitOf(store, { puts: { 'k/a': '4', 'k/c': '4' } });
    const then = await Promise.all(['k/a', 'k/aa', 'k/b', 'k/c'].map((key) => readWord(store, key, revision)));
    assert.deepEqual(then, ['1', undefined, '2', '1']);
    for (const limit of [1, 2, 10]) {
      assert.deepEqual(await readAll(store, 'k/', limit, revision), ['k/a=1', 'k/b=2', 'k/c=1']);
    }
    assert.deepEqual(await readAll(store, 'k/', 10), ['k/a=4', 'k/aa=3', 'k/b=2', 'k/c=4']);
  });

  it('lists one moment over many pages while every key is being rewritten', async (t) => {
    const { store } = await make(t);
    const names = Array.from({ length: 60 }, (_, index) => `r/${String(index).padStart(2, '0')}`);
    await commitOf(store, { puts: Object.fromEntries(names.map((name) => [name, '0'])) });
    const at = await store.revision();
    let isDone = false;
    const rewriting = (async () => {
      for (let round = 1; !isDone; round++) {
        await Promise.all(
          names.map((name) => commitOf(store, { puts: { [name]: String(round), [`${name}+`]: 'new' } })),
        );
      }
    })();
    try {
      assert.deepEqual(
        await readAll(store, 'r/', 7, at),
        names.map((name) => `${name}=0`),
      );
    } finally {
      isDone = true;
      await rewriting;
    }
  });

  it('throws for a revision in the future', async (t) => {
    const { store } = await make(t);
    await assert.rejects(store.get(bytesOf('a'), { atRevision: 1 }), RangeError);
    await assert.rejects(store.list(bytesOf('a'), { limit: 1, atRevision: 1 }), RangeError);
  });

  it('never shows less than what was answered as committed', async (t) => {
    const { store } = await make(t);
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; round < 25; round++) {
        const { revision } = await commitOf(store, { puts: { [`w${writer}`]: String(round) } });
        assert.equal(await readWord(store, `w${writer}`), String(round));
        assert.ok((await store.revision()) >= revision);
      }
    });
    await Promise.all(writers);
  });

  watchPromises(make);
};

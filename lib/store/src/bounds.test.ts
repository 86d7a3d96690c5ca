// What is bounded: what waits, what is remembered, and a lease's time.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { bytesOf, commitOf, readWord, transactionOf } from './conformance/sample-transactions.ts';
import { RecentChanges } from './recent-changes.ts';
import { scratchStore } from './scratch-store.ts';

it('is busy beyond 10,000 waiting commits, and answers every one of them', async (t) => {
  const store = await scratchStore(t);
  const answers = await Promise.all(
    Array.from({ length: 10_100 }, (_, index) => store.commit(transactionOf({ audit: [String(index)] }))),
  );
  const busy = answers.filter((answer) => answer.kind === 'refused' && answer.code === 'busy');
  assert.equal(busy.length, 100);
  assert.equal((await store.auditHeads())[0]?.sequence, 10_000);
  assert.equal((await commitOf(store, { audit: ['after'] })).audit[0]?.sequence, 10_001);
});

it('is busy beyond 64 MiB of waiting commits', async (t) => {
  const store = await scratchStore(t);
  const value = new Uint8Array(1_000_000);
  const commit = (index: number) =>
    store.commit({ conditions: [], puts: [{ key: bytesOf(`${index}`), value }], deletes: [], audit: [] });
  const answers = await Promise.all(Array.from({ length: 80 }, (_, index) => commit(index)));
  const refused = answers.filter((answer) => answer.kind === 'refused' && answer.code === 'busy');
  assert.equal(refused.length, 80 - 67);
});

it('forgets changes beyond its bytes and says so, never showing a wrong past', async (t) => {
  const store = await scratchStore(t, { recentBytes: 20_000 });
  await commitOf(store, { puts: { a: 'first' } });
  const { revision } = await commitOf(store, { puts: { a: 'second' } });
  for (let round = 0; round < 50; round++) await commitOf(store, { puts: { a: `${round}`.padEnd(1_000) } });
  const gone = await store.get(bytesOf('a'), { atRevision: revision });
  assert.ok(gone !== undefined && 'kind' in gone && gone.revision > revision);
  const list = await store.list(bytesOf(''), { limit: 10, atRevision: revision });
  assert.ok('kind' in list);
  const recent = await readWord(store, 'a', (await store.revision()) - 2);
  assert.equal(recent?.trim(), '47');
});

it('tells a slow watcher that it missed changes instead of keeping them for it', async (t) => {
  const store = await scratchStore(t, { recentBytes: 20_000 });
  const stop = new AbortController();
  const watch = store.watch(bytesOf(''), 0, stop.signal)[Symbol.asyncIterator]();
  await commitOf(store, { puts: { a: '0' } });
  assert.equal((await watch.next()).value?.kind, 'put');
  for (let round = 0; round < 50; round++) await commitOf(store, { puts: { a: 'v'.repeat(1_000) } });
  const missed = await watch.next();
  assert.deepEqual(missed.value, { kind: 'compacted', revision: 51 });
  await commitOf(store, { puts: { b: '1' } });
  const after = await watch.next();
  assert.ok(after.value?.kind === 'put' && after.value.entry.revision === 52);
  stop.abort();
  assert.equal((await watch.next()).done, true);
});

it('holds no more than its bytes however many changes it sees', () => {
  const recent = new RecentChanges(0, 10_000);
  for (let revision = 1; revision <= 5_000; revision++) {
    recent.add(revision, [{ key: bytesOf('k'), value: bytesOf('v'), before: undefined }], 1_000);
  }
  assert.equal(recent.newest, 5_000);
  assert.ok(recent.newest - recent.floor <= 10);
});

it('ends a lease when its time is over, and never revives it', async (t) => {
  const clock = { nowMs: 0 };
  const store = await scratchStore(t, { nowMs: () => clock.nowMs });
  const first = await store.lease('watch', 1_000);
  clock.nowMs = 900;
  assert.equal(await first?.renew(), true);
  clock.nowMs = 1_800;
  assert.equal(await store.lease('watch', 1_000), undefined);
  clock.nowMs = 1_900;
  assert.equal(await first?.renew(), false);
  const second = await store.lease('watch', 1_000);
  assert.ok(first !== undefined && second !== undefined && second.token > first.token);
  await first.release();
  assert.equal(await second.renew(), true);
});

it('hands the writer nothing but the transaction: an array posted is the whole of its memory', async (t) => {
  const store = await scratchStore(t);
  const posted: Uint8Array[] = [];
  const original = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (this: Worker, message: unknown, ...rest: never[]): void {
    if (message instanceof Uint8Array) posted.push(message.slice());
    assert.ok(!(message instanceof Uint8Array) || message.buffer.byteLength === message.byteLength);
    original.call(this, message, ...rest);
  };
  t.after(() => {
    Worker.prototype.postMessage = original;
  });
  // Small arrays out of the common pool, which a clone would carry along.
  const neighbour = Buffer.from('neighbour in the pool');
  await commitOf(store, { puts: { a: '1' } });
  await store.commit({ conditions: [], puts: [], deletes: [Buffer.from('gone')], audit: [] });
  assert.equal(posted.length, 2);
  for (const bytes of posted) assert.ok(bytes.length < 100 && !Buffer.from(bytes).includes(neighbour));
});

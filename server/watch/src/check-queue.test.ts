import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckQueue } from './check-queue.ts';

const beginAll = (queue: CheckQueue, nowMs: number): readonly string[] => {
  const begun: string[] = [];
  for (let next = queue.begin(nowMs); next !== undefined; next = queue.begin(nowMs)) begun.push(next.name);
  return begun;
};

const filled = (names: readonly string[], most = 2, mostLong = 3): CheckQueue => {
  const queue = new CheckQueue({ most, longMs: 5_000, mostLong });
  for (const name of names) queue.add({ name, dueAtMs: 0 });
  return queue;
};

test('no more run at once than may, and those that wait begin in the order in which they became due', () => {
  const queue = filled(['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(beginAll(queue, 0), ['a', 'b']);
  assert.equal(queue.waiting, 3);
  queue.ended('b');
  assert.deepEqual(beginAll(queue, 10), ['c']);
  queue.ended('a');
  queue.ended('c');
  assert.deepEqual(beginAll(queue, 20), ['d', 'e']);
});

test('a machine that is always due does not get a second turn before the others had their first', () => {
  const queue = filled(['greedy', 'b', 'c'], 1);
  const turns: string[] = [];
  for (let round = 0; round < 6; round++) {
    queue.add({ name: 'greedy', dueAtMs: round });
    const [name = ''] = beginAll(queue, round);
    queue.add({ name, dueAtMs: round });
    turns.push(name);
    queue.ended(name);
    queue.add({ name, dueAtMs: round });
  }
  assert.deepEqual(turns, ['greedy', 'b', 'c', 'greedy', 'b', 'c']);
});

test('a machine whose check runs is not looked at a second time', () => {
  const queue = filled(['a']);
  beginAll(queue, 0);
  queue.add({ name: 'a', dueAtMs: 1 });
  assert.deepEqual(beginAll(queue, 1), []);
  queue.ended('a');
  assert.deepEqual(beginAll(queue, 2), []);
});

test('checks that hang give their places to the others', () => {
  const queue = filled(['hangs1', 'hangs2', 'a', 'b', 'c']);
  assert.deepEqual(beginAll(queue, 0), ['hangs1', 'hangs2']);
  assert.equal(queue.waitMs(1_000), 4_000);
  assert.deepEqual(beginAll(queue, 4_999), []);
  assert.deepEqual(beginAll(queue, 5_000), ['a', 'b']);
  assert.equal(queue.running, 4);
  assert.ok(queue.isRunning('hangs1'));
  queue.ended('a');
  assert.deepEqual(beginAll(queue, 5_001), ['c']);
});

test('when too many hang, the oldest of them are to be stopped', () => {
  const queue = filled(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  for (let now = 0; now <= 15_000; now += 5_000) beginAll(queue, now);
  assert.deepEqual(queue.surplus(), ['a', 'b', 'c']);
  for (const name of queue.surplus()) queue.ended(name);
  assert.deepEqual(queue.surplus(), []);
});

test('as long as there is room, nobody has to wait', () => {
  const queue = filled(['a']);
  assert.equal(queue.waitMs(0), 0);
  beginAll(queue, 0);
  assert.equal(queue.waitMs(0), Number.POSITIVE_INFINITY);
  queue.add({ name: 'b', dueAtMs: 1 });
  assert.equal(queue.waitMs(1), 0);
});

test('one that waits and is dropped does not begin', () => {
  const queue = filled(['a', 'b']);
  queue.drop('a');
  assert.deepEqual(beginAll(queue, 0), ['b']);
});

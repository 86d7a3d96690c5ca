import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlowQueue } from './slow-queue.ts';

/** Work that ends when told to. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, finish: () => resolve('done') };
};

test('as many run as there are places, a bounded number waits, the next is told at once', async () => {
  const queue = new SlowQueue(2, 1);
  const [first, second, third] = [held(), held(), held()];
  const started: string[] = [];
  const run = (name: string, { work }: { work: () => Promise<string> }) =>
    queue.run(() => {
      started.push(name);
      return work();
    });
  const results = [run('first', first), run('second', second), run('third', third)];
  assert.partialDeepStrictEqual(await queue.run(async () => 'never'), { kind: 'refused', code: 'busy' });
  assert.deepEqual(started, ['first', 'second']);
  second.finish();
  await results[1];
  await Promise.resolve();
  assert.deepEqual(started, ['first', 'second', 'third']);
  first.finish();
  third.finish();
  assert.deepEqual(await Promise.all(results), ['done', 'done', 'done']);
  assert.equal(await queue.run(async () => 'free again'), 'free again');
});

test('what fails gives its place back', async () => {
  const queue = new SlowQueue(1, 1);
  await assert.rejects(
    queue.run(() => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await queue.run(async () => 'next'), 'next');
});

test('those who wait go in their order', async () => {
  const queue = new SlowQueue(1, 10);
  const order: number[] = [];
  await Promise.all([1, 2, 3, 4, 5].map((number) => queue.run(async () => order.push(number))));
  assert.deepEqual(order, [1, 2, 3, 4, 5]);
});

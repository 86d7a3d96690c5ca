import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticker } from './ticker.ts';

test('it wakes when something is due, and again for what is due next', async () => {
  const waits = [1, 5, Number.POSITIVE_INFINITY];
  let count = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const ticker = new Ticker(
    () => {
      count++;
      if (count === 2) resolve();
    },
    () => waits[count] ?? Number.POSITIVE_INFINITY,
  );
  ticker.arm();
  await promise;
  ticker.close();
  assert.equal(count, 2);
});

test('what becomes due sooner is not kept waiting by what is due later', async () => {
  let waitMs = 1_000_000;
  const { promise, resolve } = Promise.withResolvers<void>();
  const ticker = new Ticker(
    () => {
      waitMs = Number.POSITIVE_INFINITY;
      resolve();
    },
    () => waitMs,
  );
  ticker.arm();
  waitMs = 1;
  ticker.arm();
  await promise;
  ticker.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ONE_MORE_EVERY_MS, TRIES, TryBudget } from './try-budget.ts';

const start = () => {
  let now = 0;
  const clock = { elapsedMs: () => now, nowUnixMs: () => now, catchUp: () => undefined };
  const advance = (ms: number): void => {
    now += ms;
  };
  return { budget: new TryBudget(clock), advance };
};
const ada = { name: 'ada', isUser: true };

const takeAll = (budget: TryBudget): number => {
  let taken = 0;
  while (budget.take(ada, {})) taken++;
  return taken;
};

test('there are some tries, then one more every few minutes, and all again after a rest', () => {
  const { budget, advance } = start();
  assert.equal(takeAll(budget), TRIES);
  assert.equal(budget.left('ada'), 0);
  advance(ONE_MORE_EVERY_MS);
  assert.equal(takeAll(budget), 1);
  advance(ONE_MORE_EVERY_MS * 100);
  assert.equal(takeAll(budget), TRIES);
});

test('the attempts of one request are one try, which is given back once', () => {
  const { budget } = start();
  const request = {};
  for (let attempt = 0; attempt < 5; attempt++) assert.ok(budget.take(ada, request));
  assert.equal(budget.left('ada'), TRIES - 1);
  budget.giveBack(ada, request);
  assert.equal(budget.left('ada'), TRIES);
});

test('names that are no user’s, however many, do not give a guesser back what they used up', () => {
  const { budget } = start();
  takeAll(budget);
  for (let count = 0; count < 20_000; count++) budget.take({ name: `n${count}`, isUser: false }, {});
  assert.ok(!budget.take(ada, {}));
});

test('a known place has tries of its own; a person can give back those of all places', () => {
  const { budget } = start();
  takeAll(budget);
  const home = { ...ada, place: '192.0.2.0/24' };
  assert.ok(budget.take(home, {}));
  for (let count = 0; count < TRIES; count++) budget.take(home, {});
  assert.ok(!budget.take(home, {}));
  budget.restoreAll('ada');
  assert.ok(budget.take(home, {}));
  assert.ok(budget.take(ada, {}));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FirstCodes, isNext, NEXT_WITHIN_MS } from './first-codes.ts';

const start = () => {
  let now = 0;
  const firsts = new FirstCodes({ elapsedMs: () => now, nowUnixMs: () => now, catchUp: () => undefined });
  const advance = (ms: number): void => {
    now += ms;
  };
  return { firsts, advance };
};
const home = { name: 'ada', place: '192.0.2.0/24' };
const first = { credential: 'default', counters: [7], isFar: false };

test('a first code is there for the very next one from its place, for some minutes, and once', () => {
  const { firsts, advance } = start();
  firsts.keep(home, first);
  assert.equal(firsts.take({ ...home, place: '198.51.100.0/24' }, {}), undefined);
  assert.equal(firsts.take({ ...home, name: 'bob' }, {}), undefined);
  const request = {};
  assert.deepEqual(firsts.take(home, request), first);
  assert.deepEqual(firsts.take(home, request), first, 'the same request, tried again');
  assert.equal(firsts.take(home, {}), undefined);
  firsts.keep(home, first);
  advance(NEXT_WITHIN_MS + 1);
  assert.equal(firsts.take(home, {}), undefined);
});

test('however many first codes strangers give, memory stays bounded and the latest stay', () => {
  const { firsts } = start();
  for (let count = 0; count < 20_000; count++) firsts.keep({ ...home, place: String(count) }, first);
  assert.equal(firsts.take({ ...home, place: '0' }, {}), undefined);
  assert.deepEqual(firsts.take({ ...home, place: '19999' }, {}), first);
});

test('far ahead only the immediate next goes on; within the window any later one', () => {
  const far = { ...first, counters: [40, 700], isFar: true };
  assert.equal(isNext(far, 'default', [41], true), 41);
  assert.equal(isNext(far, 'default', [12, 701], true), 701, 'either of the numbers that it may belong to');
  assert.equal(isNext(far, 'default', [42], true), undefined);
  assert.equal(isNext(far, 'default', [40], true), undefined, 'the same again');
  assert.equal(isNext(far, 'other', [41], true), undefined);
  assert.equal(isNext(far, 'default', [41], false), undefined);
  assert.equal(isNext(first, 'default', [9], false), 9);
  assert.equal(isNext(first, 'default', [7], false), undefined);
  assert.equal(isNext(undefined, 'default', [8], false), undefined);
});

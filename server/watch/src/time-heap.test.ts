import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimeHeap } from './time-heap.ts';

test('whatever is added, moved and taken out, the earliest is first', () => {
  const step = fc.record({ thing: fc.nat(20), atMs: fc.option(fc.nat(100), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new TimeHeap<number>();
      const model = new Map<number, number>();
      for (const { thing, atMs } of steps) {
        if (atMs === undefined) {
          heap.delete(thing);
          model.delete(thing);
        } else {
          heap.set(thing, atMs);
          model.set(thing, atMs);
        }
        assert.equal(heap.size, model.size);
        assert.equal(heap.firstAtMs, Math.min(Number.POSITIVE_INFINITY, ...model.values()));
        if (heap.first !== undefined) assert.equal(model.get(heap.first), heap.firstAtMs);
        for (const [known, at] of model) assert.equal(heap.atMs(known), at);
      }
    }),
  );
});

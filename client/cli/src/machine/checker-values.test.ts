import assert from 'node:assert/strict';
import test from 'node:test';
import { unknownCheckerValues } from './checker-values.ts';

test('a checker that asks for what no machine has is found out', () => {
  assert.deepEqual(unknownCheckerValues('fping -q -- %(host)s'), []);
  assert.deepEqual(unknownCheckerValues('probe %(hots)s %(name)s %(hots)s %%(nothing)s'), ['hots']);
  assert.deepEqual(unknownCheckerValues('@heartbeat'), []);
});

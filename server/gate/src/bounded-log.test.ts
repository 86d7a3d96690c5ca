import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Log, silentLog } from '@chatelaine/process';
import { BoundedLog } from './bounded-log.ts';

test('the first entries of a period are written, the others counted, and the next period begins anew', () => {
  const written: unknown[] = [];
  const info = (fields: object | string, words?: string): void => {
    written.push([fields, words]);
  };
  const log: Log = { ...silentLog, info };
  const bounded = new BoundedLog({ log, periodMs: 60_000, entries: 2 });
  for (let i = 0; i < 5; i++) bounded.note({ i }, 'happened');
  assert.deepEqual(written, [
    [{ i: 0 }, 'happened'],
    [{ i: 1 }, 'happened'],
  ]);
  bounded.flush();
  assert.deepEqual(written[2], [{ count: 3 }, 'more of the same kind were not written']);
  bounded.note({ i: 5 }, 'happened');
  bounded.flush();
  assert.equal(written.length, 4);
});

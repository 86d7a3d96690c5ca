import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditRecord } from './audit-record.ts';
import { RefusalTally, sourcePrefix } from './refusal-tally.ts';

const refusal = (overrides: Partial<AuditRecord> = {}): AuditRecord => ({
  format: 1,
  atUnixMs: 60_000,
  who: 'gate:gate',
  operation: 'machines.fetch',
  object: '',
  decision: 'refused',
  code: 'not-found',
  facts: [],
  ...overrides,
});

test('a million strangers make one record a minute, not a million', () => {
  const tally = new RefusalTally();
  for (let i = 0; i < 1_000_000; i++) tally.count(refusal(), '192.0.2.7');
  assert.deepEqual(tally.take(60_500), [], 'the minute is not over');
  const records = tally.take(120_000);
  assert.equal(records.length, 1);
  assert.equal(records[0]?.count, 1_000_000);
  assert.deepEqual(records[0]?.facts, [{ name: 'source', value: '192.0.2.0/24', assurance: 'asserted' }]);
});

test('strangers from everywhere cannot make the tally grow without bound', () => {
  const tally = new RefusalTally();
  for (let i = 0; i < 20_000; i++) tally.count(refusal(), `10.${i >> 8}.${i & 255}.1`);
  const records = tally.take(120_000);
  assert.ok(records.length <= 1_001);
  assert.equal(
    records.reduce((sum, record) => sum + (record.count ?? 0), 0),
    20_000,
    'every refusal is in the sum',
  );
});

test('the first refusals of a known machine are recorded singly, the rest are counted', () => {
  const tally = new RefusalTally();
  const of = (object: string) => refusal({ object, code: 'disabled' });
  const single = Array.from({ length: 25 }, () => tally.admits(of('machines/web1'))).filter(Boolean).length;
  assert.equal(single, 10);
  assert.equal(tally.admits(of('machines/web2')), true, 'another machine has its own count');
  const counted = tally.take(120_000);
  assert.deepEqual(
    counted.map((record) => [record.object, record.count]),
    [['machines/web1', 15]],
  );
});

test('a source stands for its neighbourhood', () => {
  assert.equal(sourcePrefix('192.0.2.7'), '192.0.2.0/24');
  assert.equal(sourcePrefix('::ffff:192.0.2.7'), '192.0.2.0/24');
  assert.equal(sourcePrefix('2001:db8:1:2::3'), '2001:db8:1::/48');
  assert.equal(sourcePrefix('fe80::1%eth0'), 'fe80:0:0::/48');
  assert.equal(sourcePrefix('::1'), '0:0:0::/48');
  assert.equal(sourcePrefix(''), 'unknown');
});

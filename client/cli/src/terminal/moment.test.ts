import assert from 'node:assert/strict';
import test from 'node:test';
import { formatMoment, formatRoughSpan, formatSize, formatSpan } from './moment.ts';

test('a moment is written with its zone', () => {
  const text = formatMoment(1_795_611_513_525);
  assert.match(text, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/);
  assert.equal(new Date(text.replace(' ', 'T').replace(' ', '')).getTime(), 1_795_611_513_000);
});

test('a span is written in the units people use', () => {
  assert.equal(formatSpan(0), '0s');
  assert.equal(formatSpan(1), '1ms');
  assert.equal(formatSpan(300_000), '5m');
  assert.equal(formatSpan(694_861_001), '1w 1d 1h 1m 1s 1ms');
});

test('a size is written with two digits that count', () => {
  assert.equal(formatSize(999), '999 B');
  assert.equal(formatSize(1_500), '1.5 kB');
  assert.equal(formatSize(32_768), '33 kB');
  assert.equal(formatSize(5_000_000_000_000_000), '5000 TB');
});

test('a rough span has the two largest units, and never less than nothing', () => {
  assert.equal(formatRoughSpan(694_861_001), '1w 1d');
  assert.equal(formatRoughSpan(298_999), '4m 58s');
  assert.equal(formatRoughSpan(999), '0s');
  assert.equal(formatRoughSpan(-5_000), '0s');
});

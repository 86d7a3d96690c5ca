import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseDuration } from './duration.ts';
import { formatDuration } from './format-duration.ts';

test('durations are written as people would in clients.conf', () => {
  const written = [0, 300, 3_600, 3_601, 86_400, 93_784, 604_800, 1_209_600, 691_200].map((s) =>
    formatDuration(s * 1_000),
  );
  assert.deepEqual(written, ['PT0S', 'PT5M', 'PT1H', 'PT1H0M1S', 'P1D', 'P1DT2H3M4S', 'P1W', 'P2W', 'P8D']);
});

test('whatever is written is read back, to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 13 }), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms - (ms % 1_000));
    }),
  );
});

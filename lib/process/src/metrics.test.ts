import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

test('what was counted, read and noted is told in the Prometheus text format', () => {
  const metrics = new Metrics();
  metrics.count('asked_total', 'Questions.', { code: 'denied' });
  metrics.count('asked_total', 'Questions.', { code: 'denied' }, 2);
  metrics.gauge('open', 'Connections.', () => 7);
  const note = metrics.histogram('seconds', 'Times.', [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3]) note(value);
  assert.deepEqual(metrics.text().split('\n'), [
    '# HELP asked_total Questions.',
    '# TYPE asked_total counter',
    'asked_total{code="denied"} 3',
    '# HELP open Connections.',
    '# TYPE open gauge',
    'open 7',
    '# HELP seconds Times.',
    '# TYPE seconds histogram',
    'seconds_bucket{le="0.1"} 2',
    'seconds_bucket{le="1"} 3',
    'seconds_bucket{le="+Inf"} 4',
    'seconds_sum 3.65',
    'seconds_count 4',
    '',
  ]);
});

// The keep's clock, confirmed by a person, and its counters.

import { ok, refuse, system } from '@chatelaine/contract';
import type { Metrics } from '@chatelaine/process';
import type { ClockGuard } from '../kernel/clock-guard.ts';
import { type BoundOperation, direct } from '../kernel/module.ts';
import type { Recorder } from '../kernel/recorder.ts';

/** Binds `system.confirm-clock`. */
export const clockOperations = (guard: () => ClockGuard | undefined, recorder: Recorder): readonly BoundOperation[] => [
  direct(system.confirmClock, async ({ principal }) => {
    const known = guard();
    if (known === undefined) return refuse('sealed');
    const wasBehindMs = await known.confirm(principal, recorder);
    return wasBehindMs === undefined ? refuse('disk-full') : ok({ wasBehindMs });
  }),
];

/** Binds `system.metrics`. Works while sealed. */
export const metricsOperation = (metrics: Metrics): BoundOperation =>
  direct(system.metrics, async () => ok({ text: metrics.text() }));

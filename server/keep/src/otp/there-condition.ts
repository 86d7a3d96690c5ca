// The one condition of an export: what is asked for is there.

import type { Condition } from '../kernel/release/decision.ts';

/** @param name of what is asked for, on record */
export const thereCondition = (name: string): Condition<{ readonly isThere: boolean }> => ({
  name,
  evaluate: ({ isThere }) =>
    isThere ? { outcome: 'met', facts: [] } : { outcome: 'unmet', code: 'not-found', facts: [] },
});

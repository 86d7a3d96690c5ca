// The one-time codes that a keep has on record as accepted.

import assert from 'node:assert/strict';
import { audit, type Client } from '@chatelaine/contract';

/** Of every code that this operation accepted, what it was of and its number there: `hotp/ada/default 7`. */
export const recordedCodes = async (admin: Client, wanted: string): Promise<readonly string[]> => {
  const codes: string[] = [];
  for (let before: number | undefined; ; ) {
    const page = await admin.call(audit.list, { limit: 1_000, ...(before !== undefined && { before }) });
    assert.ok(page.kind === 'ok');
    for (const { operation, object, decision, facts } of page.value.records) {
      if (operation !== wanted || decision !== 'released') continue;
      // The gate asked again for a reply that was lost with the keep: the same acceptance, told a second time.
      if (facts.some(({ name }) => name === 'asked-again')) continue;
      const numbers = facts.filter(({ name }) => name === 'counter' || name === 'use').map(({ value }) => value);
      codes.push([object, ...numbers].join(' '));
    }
    before = page.value.next;
    if (before === undefined) return codes;
  }
};

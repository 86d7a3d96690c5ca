// What has expired, and versions past their grace time, are destroyed though nobody asks for them: hour by hour, a few keys in a step.

import type { RunningModule } from '../../kernel/module.ts';
import { takeDue } from './due.ts';
import { deleteKey, isOver, readKey } from './key-record.ts';
import { purgeOldVersions, purgeVersions } from './versions.ts';

/** Versions have up to 256 KiB, and a step is one transaction of 1 MiB. */
const KEYS_A_STEP = 3;
const HOURS_A_STEP = 50;

/** While the clock is behind, nobody knows what is over. */
export const sweep: NonNullable<RunningModule['housekeeping']> = {
  operation: 'passwords.sweep',
  work: async (tx, { nowUnixMs, clockBehindMs }) => {
    if (clockBehindMs > 0) return { touched: [], isDone: true };
    const { keys, isDone } = await takeDue(tx, nowUnixMs, { limit: KEYS_A_STEP, hours: HOURS_A_STEP });
    const touched: string[] = [];
    for (const { key, end } of keys) {
      end();
      const record = await readKey(tx, key);
      if (record !== undefined && isOver(record, nowUnixMs)) {
        deleteKey(tx, key);
        purgeVersions(tx, key);
        touched.push(key);
      } else if (await purgeOldVersions(tx, key, nowUnixMs)) {
        touched.push(key);
      }
    }
    return { touched, isDone };
  },
};

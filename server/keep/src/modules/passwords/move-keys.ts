// Whole keys, from another store and to it. What arrives is kept byte for byte, also under names that no format has.

import { ok, passwords, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { decideRelease, proved } from '../../kernel/release/decision.ts';
import { aboutKey, clockIsRight, decided, isNotExpired, refused } from './hand-out.ts';
import { readSettings } from './keep-settings.ts';
import { epochField, isShownOnce, type KeyRecord, live, putKey, readKey, storedValue } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { keepVersion } from './versions.ts';

const isSame = (record: KeyRecord, { values, expiry }: passwords.WholeKey): boolean =>
  record.values.length === values.length &&
  record.expiry?.atUnixMs === expiry?.atUnixMs &&
  record.expiry?.periodSeconds === expiry?.periodSeconds &&
  values.every(({ format, value }) => {
    const stored = storedValue(record, format);
    return stored !== undefined && Buffer.compare(stored, value) === 0;
  });

const find = async (tx: ModuleTransaction, whole: passwords.WholeKey, nowUnixMs: number) => {
  const record = live(await readKey(tx, whole.key), nowUnixMs);
  if (record === undefined) return { record, found: 'absent' } as const;
  return {
    record,
    found: isSame(record, whole) ? 'same' : 'different',
  } as const;
};

const compare: BoundOperation = answer(passwords.compare, async ({ input: { keys }, moment }, tx) => {
  const found: ('absent' | 'same' | 'different')[] = [];
  for (const whole of keys) found.push((await find(tx, whole, moment.nowUnixMs)).found);
  return ok({ found });
});

const importKeys = (context: PasswordsContext): BoundOperation =>
  answer(passwords.importKeys, async (call, tx) => {
    const { keys, replace } = call.input;
    const { nowUnixMs } = call.moment;
    const twice = keys.findIndex(({ key }, at) => keys.findIndex((other) => other.key === key) !== at);
    if (twice >= 0)
      return refuse('invalid-input', {
        field: `keys.${twice}.key`,
        message: 'is given twice',
      });
    const { graceSeconds } = await readSettings(tx);
    let stored = 0;
    for (const [at, whole] of keys.entries()) {
      const { record, found } = await find(tx, whole, nowUnixMs);
      if (found === 'same') continue;
      if (found === 'different') {
        if (!replace)
          return refuse('already-exists', {
            field: `keys.${at}.key`,
            message: 'is stored with other values',
          });
        await keepVersion(tx, whole.key, record, { nowUnixMs, graceSeconds });
      }
      const values = whole.values.map(({ format, value }) => ({
        name: format,
        value,
        storedAtUnixMs: nowUnixMs,
      }));
      const { expiry } = whole;
      putKey(tx, whole.key, {
        ...{
          format: 1,
          values,
          createdAtUnixMs: nowUnixMs,
          changedAtUnixMs: nowUnixMs,
        },
        ...(expiry !== undefined && { expiry }),
        hashOnly: false,
        ...epochField(context.epoch),
      });
      stored++;
      call.touch(whole.key);
      context.tell(call, 'set', whole.key);
    }
    return ok({ stored, unchanged: keys.length - stored });
  });

const exportKey: BoundOperation = release(passwords.exportKey, async ({ input: { key }, moment }, tx) => {
  const record = await readKey(tx, key);
  if (record === undefined) return refused({ kind: 'refused', code: 'not-found' });
  const shown = record.values.filter(({ name }) => name !== 'plain' || !isShownOnce(record));
  const facts = [proved('for-export', true), proved('formats', shown.map(({ name }) => name).join(' '))];
  const decision = decideRelease([clockIsRight, isNotExpired], { record, format: '' }, moment, facts);
  if (decision.verdict !== 'release') return decided(key, decision);
  const values = shown.map(({ name, value }) => ({ format: name, value }));
  const { expiry } = record;
  return {
    ...aboutKey(key),
    decision,
    output: { values, ...(expiry !== undefined && { expiry }) },
  };
});

export const moveKeys = (context: PasswordsContext): readonly BoundOperation[] => [
  compare,
  importKeys(context),
  exportKey,
];

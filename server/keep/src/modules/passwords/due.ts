// What is to be destroyed, found without looking through what there is: an entry for each key under the hour in which something of it
// is over, and how far the hours were gone through. An entry may be out of date, then its key is left as it is; no key that ends, and
// no version past its time, is without one. Forms: docs/formats/passwords.md.

import { hash } from 'node:crypto';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

const HOUR_MS = 3_600_000;
/** So far back the first turn of all begins. */
const FIRST_HOURS = 720;

const dueForm = defineRecord('password due', z.strictObject({ format: z.literal(1), key: z.string() }));
const sweptForm = defineRecord('passwords swept', z.strictObject({ format: z.literal(1), hour: z.number().int() }));

const SWEPT = 'swept';
const hourOf = (unixMs: number): number => Math.floor(unixMs / HOUR_MS);
const folderOf = (hour: number): string => `due/${hour}`;

/** Something of `key` is over at that time; what is over already is found in the present hour. */
export const noteDue = (tx: ModuleTransaction, key: string, atUnixMs: number, nowUnixMs: number): void => {
  const hour = hourOf(Math.max(atUnixMs, nowUnixMs));
  tx.put(dueForm, `${folderOf(hour)}/${hash('sha256', key, 'hex')}`, { format: 1, key });
};

/** Keys of an hour that is over, the oldest first, at most `limit`; `isDone` if there are no such hours any more. */
export const takeDue = async (
  tx: ModuleTransaction,
  nowUnixMs: number,
  { limit, hours }: { readonly limit: number; readonly hours: number },
): Promise<{
  readonly keys: readonly { readonly key: string; readonly end: () => void }[];
  readonly isDone: boolean;
}> => {
  const present = hourOf(nowUnixMs);
  const swept = (await tx.get(sweptForm, SWEPT))?.hour ?? present - FIRST_HOURS;
  const last = Math.min(present - 1, swept + hours);
  for (let hour = swept + 1; hour <= last; hour++) {
    const { records } = await tx.list(dueForm, folderOf(hour), { limit });
    if (records.length === 0) continue;
    if (hour - 1 > swept) tx.put(sweptForm, SWEPT, { format: 1, hour: hour - 1 });
    const keys = records.map(({ path, value: { key } }) => ({ key, end: () => tx.delete(path) }));
    return { keys, isDone: false };
  }
  if (last > swept) tx.put(sweptForm, SWEPT, { format: 1, hour: last });
  return { keys: [], isDone: last >= present - 1 };
};

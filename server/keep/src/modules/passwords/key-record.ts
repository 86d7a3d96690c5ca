// What is kept under a key: one record with all its values, so that what is derived and what it was derived from change together.
// That a password is shown once only is written in the record itself. Forms: docs/formats/passwords.md.

import type { PasswordRecord } from '@chatelaine/passwords';
import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';
import { noteDue } from './due.ts';

const unixMs = z.number().int();

/** A value under the name of its format. */
export const storedValueSchema = z.strictObject({
  name: z.string(),
  value: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  storedAtUnixMs: unixMs,
});

export const expirySchema = z
  .strictObject({
    atUnixMs: z.number().optional(),
    periodSeconds: z.number().optional(),
  })
  .optional();

const keyForm = defineRecord(
  'password',
  z.strictObject({
    format: z.literal(1),
    /** In the order in which they were first stored. */
    values: z.array(storedValueSchema),
    createdAtUnixMs: unixMs,
    changedAtUnixMs: unixMs,
    expiry: expirySchema,
    /** The password is shown once only. */
    hashOnly: z.boolean(),
    /** The epoch of the store in which the password was stored; absent: the first. */
    epoch: z.number().int().optional(),
    /** Somebody fetched the password, and did not acknowledge it yet. */
    showing: z.strictObject({ to: z.string(), receipt: z.string(), atUnixMs: unixMs }).optional(),
    /** Somebody saw the password, and it was destroyed. */
    shown: z.strictObject({ to: z.string(), atUnixMs: unixMs }).optional(),
  }),
);

/** A key as it is kept. */
export type KeyRecord = z.infer<typeof keyForm.schema>;

const PREFIX = 'keys';

/** A path has no empty segments: one more `~` stands for nothing, and for as many of them as there are. */
const toSegment = (part: string): string => (/^~*$/.test(part) ? `${part}~` : part);
const fromSegment = (segment: string): string => (/^~+$/.test(segment) ? segment.slice(1) : segment);

/** A key as a path of records. */
export const pathOfKey = (key: string): string => key.split('/').map(toSegment).join('/');

const keyOfPath = (path: string): string => path.split('/').map(fromSegment).join('/');

const recordPath = (key: string): string => `${PREFIX}/${pathOfKey(key)}`;

export const readKey = (tx: ModuleTransaction, key: string): Promise<KeyRecord | undefined> =>
  tx.get(keyForm, recordPath(key));

export const putKey = (tx: ModuleTransaction, key: string, record: KeyRecord): void => {
  tx.put(keyForm, recordPath(key), record);
  const endsAtUnixMs = record.expiry?.atUnixMs;
  if (endsAtUnixMs !== undefined) noteDue(tx, key, endsAtUnixMs, record.changedAtUnixMs);
};

export const deleteKey = (tx: ModuleTransaction, key: string): void => tx.delete(recordPath(key));

/** Keys below whole segments (none: all), a page at a time, in no meaningful order. */
export const listKeys = async (
  tx: ModuleTransaction,
  below: readonly string[],
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{
  readonly keys: readonly { key: string; record: KeyRecord }[];
  readonly cursor?: string;
}> => {
  const found = await tx.list(keyForm, [PREFIX, ...below.map(toSegment)].join('/'), page);
  const keys = found.records.map(({ path, value }) => ({
    key: keyOfPath(path.slice(PREFIX.length + 1)),
    record: value,
  }));
  return found.cursor === undefined ? { keys } : { keys, cursor: found.cursor };
};

/** The value of a format, a view of locked memory. */
export const storedValue = (record: KeyRecord | undefined, format: string): Uint8Array | undefined =>
  record?.values.find(({ name }) => name === format)?.value;

export const isOver = ({ expiry }: Pick<KeyRecord, 'expiry'>, nowUnixMs: number): boolean =>
  expiry?.atUnixMs !== undefined && nowUnixMs > expiry.atUnixMs;

/** The record unless its time is over. */
export const live = (record: KeyRecord | undefined, nowUnixMs: number): KeyRecord | undefined =>
  record === undefined || isOver(record, nowUnixMs) ? undefined : record;

/** Whether the password of this key leaves only by being shown once. */
export const isShownOnce = (record: KeyRecord | undefined): boolean =>
  record !== undefined && (record.hashOnly || record.showing !== undefined);

const expiryOf = ({ atUnixMs, periodSeconds }: NonNullable<KeyRecord['expiry']>) => ({
  ...(atUnixMs !== undefined && { atUnixMs }),
  ...(periodSeconds !== undefined && { periodSeconds }),
});

/** As the workflow sees it. */
export const asPasswordRecord = ({ values, expiry }: KeyRecord): PasswordRecord => ({
  values: new Map(values.map(({ name, value }) => [name, value])),
  ...(expiry !== undefined && { expiry: expiryOf(expiry) }),
});

/** As it stands in a record. */
export const epochField = (epoch: number): { readonly epoch?: number } => (epoch === 0 ? {} : { epoch });

/** What the workflow made of it, with all that it does not know. A new password was never shown to anybody. */
export const withPasswordRecord = (
  before: KeyRecord | undefined,
  { values, expiry }: PasswordRecord,
  { hashOnly, nowUnixMs, epoch }: { readonly hashOnly: boolean; readonly nowUnixMs: number; readonly epoch: number },
): KeyRecord => {
  const known = new Map((before?.values ?? []).map((stored) => [stored.value, stored]));
  const stored = [...values].map(([name, value]) => known.get(value) ?? { name, value, storedAtUnixMs: nowUnixMs });
  const isSamePlain = before !== undefined && storedValue(before, 'plain') === values.get('plain');
  return {
    format: 1,
    values: stored,
    createdAtUnixMs: before?.createdAtUnixMs ?? nowUnixMs,
    changedAtUnixMs: nowUnixMs,
    ...(expiry !== undefined && { expiry }),
    hashOnly: hashOnly || before?.hashOnly === true,
    ...epochField(isSamePlain ? (before.epoch ?? 0) : epoch),
    ...(isSamePlain && before.showing !== undefined && { showing: before.showing }),
    ...(isSamePlain && before.shown !== undefined && { shown: before.shown }),
  };
};

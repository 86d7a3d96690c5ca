// What a key was before somebody replaced it, for as long as it can be rolled back to. Invariants: what was deleted, and a
// password that is or was shown once, is in no version; a version goes with the next change of its key once its time is over.

import * as z from 'zod';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';
import { noteDue } from './due.ts';
import { expirySchema, isShownOnce, type KeyRecord, pathOfKey, storedValueSchema } from './key-record.ts';

const MAX_VERSIONS = 5;
const MAX_BYTES = 262_144;

const versionSchema = z.strictObject({
  number: z.number().int(),
  replacedAtUnixMs: z.number().int(),
  untilUnixMs: z.number().int(),
  values: z.array(storedValueSchema),
  expiry: expirySchema,
});

const versionsForm = defineRecord(
  'password versions',
  z.strictObject({
    format: z.literal(1),
    next: z.number().int(),
    versions: z.array(versionSchema),
  }),
);

/** An earlier state of a key. */
export type KeyVersion = z.infer<typeof versionSchema>;

const pathOf = (key: string): string => `versions/${pathOfKey(key)}`;

const sizeOf = ({ values }: KeyVersion): number => values.reduce((sum, { value }) => sum + value.length, 0);

/** The newest ones that fit. */
const thatFit = (versions: readonly KeyVersion[]): KeyVersion[] => {
  const kept: KeyVersion[] = [];
  let bytes = 0;
  for (const version of versions.toReversed()) {
    bytes += sizeOf(version);
    if (kept.length === MAX_VERSIONS || bytes > MAX_BYTES) break;
    kept.unshift(version);
  }
  return kept;
};

/** Those that can be rolled back to, oldest first. */
export const readVersions = async (
  tx: ModuleTransaction,
  key: string,
  nowUnixMs: number,
): Promise<readonly KeyVersion[]> =>
  ((await tx.get(versionsForm, pathOf(key)))?.versions ?? []).filter(({ untilUnixMs }) => untilUnixMs > nowUnixMs);

const writeVersions = (tx: ModuleTransaction, key: string, next: number, versions: readonly KeyVersion[]): void => {
  if (versions.length === 0) tx.delete(pathOf(key));
  else
    tx.put(versionsForm, pathOf(key), {
      format: 1,
      next,
      versions: [...versions],
    });
};

/** Keeps what `record` was, and takes `taken` away, which was rolled back to. */
export const keepVersion = async (
  tx: ModuleTransaction,
  key: string,
  record: KeyRecord | undefined,
  { nowUnixMs, graceSeconds, taken }: { nowUnixMs: number; graceSeconds: number; taken?: number },
): Promise<void> => {
  const stored = await tx.get(versionsForm, pathOf(key));
  const values = (record?.values ?? []).filter(({ name }) => name !== 'plain' || !isShownOnce(record));
  if (stored === undefined && (values.length === 0 || graceSeconds === 0)) return;
  const number = stored?.next ?? 1;
  const kept = (stored?.versions ?? []).filter((each) => each.untilUnixMs > nowUnixMs && each.number !== taken);
  if (values.length > 0 && graceSeconds > 0) {
    const { expiry } = record ?? {};
    kept.push({
      number,
      replacedAtUnixMs: nowUnixMs,
      untilUnixMs: nowUnixMs + graceSeconds * 1_000,
      values,
      ...(expiry !== undefined && { expiry }),
    });
  }
  const fitting = thatFit(kept);
  writeVersions(tx, key, number + 1, fitting);
  for (const { untilUnixMs } of fitting.slice(-1)) noteDue(tx, key, untilUnixMs, nowUnixMs);
};

/** Takes a format out of every version: it was deleted, or shown once. */
export const purgeFormat = async (tx: ModuleTransaction, key: string, format: string): Promise<void> => {
  const stored = await tx.get(versionsForm, pathOf(key));
  if (stored === undefined) return;
  const purged = stored.versions
    .map((version) => ({
      ...version,
      values: version.values.filter(({ name }) => name !== format),
    }))
    .filter(({ values }) => values.length > 0);
  writeVersions(tx, key, stored.next, purged);
};

/** Takes those away that are past their time; says whether there were any. */
export const purgeOldVersions = async (tx: ModuleTransaction, key: string, nowUnixMs: number): Promise<boolean> => {
  const stored = await tx.get(versionsForm, pathOf(key));
  if (stored === undefined) return false;
  const kept = stored.versions.filter(({ untilUnixMs }) => untilUnixMs > nowUnixMs);
  if (kept.length === stored.versions.length) return false;
  writeVersions(tx, key, stored.next, kept);
  return true;
};

/** The key was deleted. */
export const purgeVersions = (tx: ModuleTransaction, key: string): void => tx.delete(pathOf(key));

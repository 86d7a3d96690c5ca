// Checks a backup, and puts it in the place of a store if that is wanted: `--check-backup`, `--restore`. What opens it comes on
// standard input as frames; after the report a byte `y` lets the restore go on. What is said goes to standard output, a JSON
// line each: `progress`, then `report`, then `restored`; or `refused`. Nothing is changed before `y`.

import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMessage, ok, type Result, refuse } from '@chatelaine/contract';
import { wipe } from '@chatelaine/secret';
import { checkStoreClosed, installStore, StoreError } from '@chatelaine/store';
import { type DetachedVault, type Epoch, readAnchor } from '@chatelaine/vault';
import { storePath } from './keep.ts';
import { AUDIT_LANE, encodeAuditRecord } from './kernel/audit-record.ts';
import { CLOCK_PATH, clockMark } from './kernel/clock-guard.ts';
import { KERNEL_COLLECTION } from './kernel/last-decision.ts';
import { principalId } from './kernel/principal.ts';
import { proved } from './kernel/release/decision.ts';
import { type BackupReport, type OpenedBackup, openBackup, removeCopy, slotSecretOf } from './open-backup.ts';
import { FrameReader } from './read-frames.ts';

const YES = 0x79;
const PROGRESS_EVERY_MS = 250;

export interface RestoreOptions {
  /** Of the backup; closed here. */
  readonly fd: number;
  readonly slotKind: string;
  /** Where the store and its anchor go; absent: the backup is only checked. */
  readonly to?: {
    readonly directory: string;
    readonly anchor: string;
    /** Also if the anchor there knows more of the same store. */
    readonly mayBeOlder: boolean;
  };
}

const say = (line: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const showProgress = () => {
  let shownAt = performance.now();
  return (opened: { readonly records: number; readonly auditRecords: number }): void => {
    if (performance.now() - shownAt < PROGRESS_EVERY_MS) return;
    shownAt = performance.now();
    say({ kind: 'progress', ...opened });
  };
};

/** The highest wall time that the keep ever saw, as far as the store knows. */
const highestTime = async (vault: DetachedVault): Promise<number> => {
  const record = await vault.get(KERNEL_COLLECTION, CLOCK_PATH);
  if (record === undefined) return 0;
  try {
    return clockMark.schema.parse(decodeMessage(record.bytes)).atUnixMs;
  } finally {
    record.release();
  }
};

const beginEpoch = async (vault: DetachedVault, report: BackupReport): Promise<Result<Epoch>> => {
  const atUnixMs = Date.now();
  // Nothing in the store may be later than the epoch, whatever the clock of this machine says.
  const startedAtUnixMs = Math.max(atUnixMs, report.newestAtUnixMs, await highestTime(vault));
  const record = encodeAuditRecord({
    format: 1,
    atUnixMs,
    who: principalId({ role: 'admin', identity: 'restore' }),
    operation: 'system.restore',
    object: '',
    decision: 'changed',
    facts: [
      proved('epoch', report.epoch + 1),
      proved('revision', report.revision),
      proved('newest-record', new Date(report.newestAtUnixMs).toISOString()),
      proved('slot', report.openedBy),
    ],
  });
  return await vault.beginEpoch(startedAtUnixMs, { lane: AUDIT_LANE, record });
};

const install = async (
  { store, vault, path, report }: OpenedBackup,
  { directory, anchor }: NonNullable<RestoreOptions['to']>,
): Promise<Result<{ readonly epoch: Epoch; readonly replaced?: string }>> => {
  const epoch = await beginEpoch(vault, report);
  if (epoch.kind === 'refused') return epoch;
  const state = { revision: await store.revision(), heads: await store.auditHeads() };
  await store.close();
  // Between the two the store does not open, since its anchor is another's: the restore can be done again.
  const replaced = installStore(path, storePath(directory));
  await vault.writeAnchor(anchor, store.id, state);
  return ok({ epoch: epoch.value, ...(replaced !== undefined && { replaced }) });
};

/** What came after the backup would be lost. */
const refuseOlder = async (
  report: BackupReport,
  { anchor, mayBeOlder }: NonNullable<RestoreOptions['to']>,
): Promise<Result<undefined>> => {
  const known = await readAnchor(anchor);
  const isOlder =
    known.kind === 'ok' && known.value.storeId === report.storeId && known.value.revision > report.revision;
  if (!isOlder || mayBeOlder) return ok(undefined);
  const message = `the backup is of revision ${report.revision}, the anchor there knows revision ${known.value.revision}`;
  return refuse('rolled-back', { message });
};

const proceed = async (
  opened: OpenedBackup,
  input: FrameReader,
  to: RestoreOptions['to'],
): Promise<Result<boolean>> => {
  say({ kind: 'report', ...opened.report });
  if (to === undefined) return ok(true);
  const older = await refuseOlder(opened.report, to);
  if (older.kind === 'refused') return older;
  if ((await input.byte()) !== YES) return ok(false);
  const installed = await install(opened, to);
  if (installed.kind === 'refused') return installed;
  const { directory, anchor } = to;
  say({ kind: 'restored', directory, anchor, ...installed.value });
  return ok(true);
};

const run = async (input: FrameReader, { fd, slotKind, to }: RestoreOptions): Promise<Result<boolean>> => {
  const frames = await input.frames();
  const secret = slotSecretOf(slotKind, frames);
  const scratch = to === undefined ? mkdtempSync(join(tmpdir(), 'chatelaine-backup-')) : undefined;
  try {
    if (secret.kind === 'refused') return secret;
    // Said before all the work; whether it is still so is looked at again.
    if (to !== undefined) checkStoreClosed(storePath(to.directory));
    const opened = await openBackup(fd, scratch ?? to?.directory ?? '', secret.value.secret, showProgress());
    if (opened.kind === 'refused') return opened;
    try {
      return await proceed(opened.value, input, to);
    } finally {
      opened.value.vault.close();
      await opened.value.store.close();
      removeCopy(opened.value.path);
    }
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'internal') throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  } finally {
    if (secret.kind === 'ok') secret.value.release();
    for (const frame of frames) wipe(frame);
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
    closeSync(fd);
  }
};

/** Returns the exit code: 1 if it was refused, or not confirmed. */
export const restoreKeep = async (options: RestoreOptions): Promise<number> => {
  const done = await run(new FrameReader(process.stdin as AsyncIterable<Buffer>), options);
  if (done.kind === 'refused') say({ ...done });
  process.stdin.destroy();
  return done.kind === 'ok' && done.value ? 0 : 1;
};

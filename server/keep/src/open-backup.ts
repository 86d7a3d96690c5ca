// A backup, copied beside the place where it is to lie, opened with one key slot, and checked to its last record. The backup
// itself is only read; the copy goes away with its lock and log unless it was taken.

import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ok, type Result, refuse } from '@chatelaine/contract';
import { checkStoreFile, openSqliteStore, type SqliteStore, StoreError } from '@chatelaine/store';
import {
  type BackupContents,
  type CheckProgress,
  combineKeyShares,
  type DetachedVault,
  type KeyShare,
  type KeySlotView,
  openDetached,
  parseShare,
  readVaultHeader,
  type SlotSecret,
} from '@chatelaine/vault';
import { decodeAuditRecord } from './kernel/audit-record.ts';

const COPY_CHUNK_BYTES = 1_048_576;

/** What a backup turned out to be. */
export interface BackupReport extends BackupContents {
  readonly storeId: string;
  readonly purpose: 'production' | 'development';
  readonly rootKeyId: string;
  readonly createdAtUnixMs: number;
  readonly epoch: number;
  readonly slots: readonly KeySlotView[];
  readonly damagedSlots: number;
  /** The slot that opened it. */
  readonly openedBy: string;
  /** When the last thing on record happened. */
  readonly newestAtUnixMs: number;
}

/** A copy of a backup that was opened and found whole. */
export interface OpenedBackup {
  readonly report: BackupReport;
  readonly store: SqliteStore;
  readonly vault: DetachedVault;
  /** The file of the copy. */
  readonly path: string;
}

/** Removes a copy and what lies beside it. */
export const removeCopy = (path: string): void => {
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(basename(path))) rmSync(join(dirname(path), name), { force: true });
  }
};

// Not synced: a copy that is put into place is synced then.
const copyFile = (fd: number, path: string): Promise<void> =>
  pipeline(
    createReadStream('', { fd, start: 0, autoClose: false, highWaterMark: COPY_CHUNK_BYTES }),
    createWriteStream(path, { flags: 'wx', mode: 0o600, highWaterMark: COPY_CHUNK_BYTES }),
  );

/** The secret of a slot from what was handed over: itself, or the texts of shares. `release` wipes what was made of it. */
export const slotSecretOf = (
  kind: string,
  frames: readonly Uint8Array[],
): Result<{ readonly secret: SlotSecret; readonly release: () => void }> => {
  const [secret] = frames;
  if (secret === undefined) return refuse('invalid-input', { field: 'secret', message: 'there is none' });
  if (kind !== 'shares') {
    if (kind !== 'pass-phrase' && kind !== 'key-file' && kind !== 'systemd-creds') {
      return refuse('invalid-input', { field: 'slot', message: 'is pass-phrase, key-file, systemd-creds or shares' });
    }
    return ok({ secret: { kind, secret }, release: () => undefined });
  }
  const shares: KeyShare[] = [];
  try {
    for (const text of frames) {
      const share = parseShare(text);
      if (share.kind === 'refused') return share;
      shares.push(share.value);
    }
    const combined = combineKeyShares(shares);
    return combined.kind === 'ok' ? ok({ secret: combined.value, release: combined.value.release }) : combined;
  } finally {
    for (const { value } of shares) value.release();
  }
};

const newestMoment = async (vault: DetachedVault): Promise<Result<number>> => {
  let newest = 0;
  const records = await vault.newestAudit();
  try {
    for (const { bytes } of records) newest = Math.max(newest, decodeAuditRecord(bytes).atUnixMs);
    return ok(newest);
  } catch {
    return refuse('damaged', { message: 'its newest audit record is not one of a keep' });
  } finally {
    for (const record of records) record.release();
  }
};

const report = async (
  store: SqliteStore,
  vault: DetachedVault,
  onProgress: CheckProgress,
): Promise<Result<BackupReport>> => {
  const header = await readVaultHeader(store);
  if (header.kind === 'refused') return header;
  if (header.value.purpose !== store.purpose) {
    return refuse('damaged', { message: 'the vault and the file it lies in were made for different purposes' });
  }
  const contents = await vault.check(onProgress);
  if (contents.kind === 'refused') return contents;
  const newest = await newestMoment(vault);
  if (newest.kind === 'refused') return newest;
  const { epoch, ...rest } = header.value;
  return ok({
    ...rest,
    ...contents.value,
    epoch: epoch.number,
    storeId: store.id,
    openedBy: vault.slotId,
    newestAtUnixMs: newest.value,
  });
};

const openCopy = async (path: string, secret: SlotSecret, onProgress: CheckProgress): Promise<Result<OpenedBackup>> => {
  const store = await openSqliteStore({ path });
  const vault = await openDetached(store, secret);
  if (vault.kind === 'refused') {
    await store.close();
    return vault;
  }
  let checked: Result<BackupReport> | undefined;
  try {
    checked = await report(store, vault.value, onProgress);
    return checked.kind === 'ok' ? ok({ report: checked.value, store, vault: vault.value, path }) : checked;
  } finally {
    if (checked?.kind !== 'ok') {
      vault.value.close();
      await store.close();
    }
  }
};

/**
 * Opens a copy of the backup in `directory` and checks everything in it. The caller closes vault and store and removes the copy;
 * after a refusal there is none. Refusals: `wrong-key`, `damaged`, `unsupported-format`, `disk-full`, `busy`, `not-found`.
 *
 * @param fd of the backup
 */
export const openBackup = async (
  fd: number,
  directory: string,
  secret: SlotSecret,
  onProgress: CheckProgress,
): Promise<Result<OpenedBackup>> => {
  const path = join(directory, `restore-${randomBytes(8).toString('hex')}.db`);
  let opened: Result<OpenedBackup> | undefined;
  try {
    await copyFile(fd, path);
    checkWhole(path);
    opened = await openCopy(path, secret, onProgress);
    return opened;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'internal') throw error;
    // The copy has a name that nobody knows.
    return refuse(error.code, { message: error.message.replaceAll(path, 'the backup') });
  } finally {
    if (opened?.kind !== 'ok') removeCopy(path);
  }
};

const checkWhole = (path: string): void => {
  checkStoreFile(path);
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
};

// A consistent copy of the sealed store, streamed while the keep goes on. The copy lies in the keep's own directory only
// until its last byte was sent.

import { randomBytes } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { system } from '@chatelaine/contract';
import { openSqliteStore, type Store } from '@chatelaine/store';
import type { Vault } from '@chatelaine/vault';
import { type BoundOperation, stream } from '../kernel/module.ts';
import { removeCopy } from '../open-backup.ts';

const CHUNK_BYTES = 262_144;
const PREFIX = 'backup-';
/** Of copies that a restore was killed over. */
const RESTORE_PREFIX = 'restore-';

async function* sendCopy(path: string, sizeBytes: number) {
  try {
    const file = await open(path, 'r');
    try {
      yield { sizeBytes };
      for (let sent = 0; sent < sizeBytes; ) {
        const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, sizeBytes - sent));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, sent);
        if (bytesRead === 0) throw new Error('the copy is shorter than it was');
        sent += bytesRead;
        yield { chunk: chunk.subarray(0, bytesRead) };
      }
    } finally {
      await file.close();
    }
  } finally {
    removeCopy(path);
  }
}

/** Deletes copies that an earlier run left behind. */
export const removeLeftoverCopies = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    if (name.startsWith(PREFIX) || name.startsWith(RESTORE_PREFIX)) await rm(join(directory, name));
  }
};

/** Writes into the copy what it holds; returns its size. */
const listContents = async (path: string, vault: Vault): Promise<number> => {
  const copy = await openSqliteStore({ path });
  try {
    await vault.listContents(copy);
  } finally {
    await copy.close();
  }
  return (await stat(path)).size;
};

/**
 * Binds `system.backup`.
 *
 * @param openVault a sealed keep has none; its backups say nothing of what they hold
 */
export const backupOperation = (store: Store, directory: string, openVault: () => Vault | undefined): BoundOperation =>
  stream(system.backup, async () => {
    const path = join(directory, `${PREFIX}${randomBytes(8).toString('hex')}.db`);
    const vault = openVault();
    const { sizeBytes } = await store.backup(path);
    try {
      return sendCopy(path, vault === undefined ? sizeBytes : await listContents(path, vault));
    } catch (error) {
      removeCopy(path);
      throw error;
    }
  });

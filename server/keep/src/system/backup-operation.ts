// A consistent copy of the sealed store, streamed while the keep goes on. The copy lies in the keep's own directory only
// until its last byte was sent.

import { randomBytes } from 'node:crypto';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { system } from '@chatelaine/contract';
import type { Store } from '@chatelaine/store';
import { type BoundOperation, stream } from '../kernel/module.ts';

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
    await rm(path, { force: true });
  }
}

/** Deletes copies that an earlier run left behind. */
export const removeLeftoverCopies = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    if (name.startsWith(PREFIX) || name.startsWith(RESTORE_PREFIX)) await rm(join(directory, name));
  }
};

/** Binds `system.backup`. */
export const backupOperation = (store: Store, directory: string): BoundOperation =>
  stream(system.backup, async () => {
    const path = join(directory, `${PREFIX}${randomBytes(8).toString('hex')}.db`);
    const { sizeBytes } = await store.backup(path);
    return sendCopy(path, sizeBytes);
  });

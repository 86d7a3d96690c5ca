// Every key that the keep of an instance holds, taken out of a backup with the key file, so that its memory can be searched for
// them.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Client, system } from '@chatelaine/contract';
import { openSqliteStore } from '@chatelaine/store';
import { openSlot, readSlot } from '../../lib/vault/src/key-slot.ts';
import { RootKeys } from '../../lib/vault/src/root-keys.ts';
import { unwrapKey } from '../../lib/vault/src/wrapped-key.ts';
import type { Scratch } from '../support/scratch.ts';

const backupOf = async (admin: Client, file: string): Promise<void> => {
  const parts: Uint8Array[] = [];
  const items = await admin.stream(system.backup, {});
  if (!(Symbol.asyncIterator in items)) throw new Error(items.code);
  for await (const item of items) if ('chunk' in item && item.chunk !== undefined) parts.push(Buffer.from(item.chunk));
  writeFileSync(file, Buffer.concat(parts), { mode: 0o600 });
};

/** The keys by name: `root`, `wrapping`, and each data key. Copies, the caller's own. */
export const keysOfStore = async (
  scratch: Scratch,
  admin: Client,
  dir: string,
): Promise<ReadonlyMap<string, Buffer>> => {
  const file = path.join(scratch.directory(), 'backup.db');
  await backupOf(admin, file);
  const store = await openSqliteStore({ path: file });
  const entries = async (prefix: number) => {
    const page = await store.list(Buffer.from([prefix]), { limit: 100 });
    if ('kind' in page) throw new Error(page.kind);
    return page.entries;
  };
  const keys = new Map<string, Buffer>();
  try {
    for (const entry of await entries(1)) {
      const slot = readSlot(entry);
      if (slot.kind === 'refused') throw new Error(slot.code);
      const opened = await openSlot(slot.value, {
        kind: 'key-file',
        secret: readFileSync(path.join(dir, 'unseal.key')),
      });
      if (opened === undefined || opened.kind === 'refused') continue;
      const { root } = opened.value;
      keys.set('root key', Buffer.from(root.secret.bytes));
      keys.set('wrapping key', Buffer.from(root.wrapping.bytes));
      const roots = new RootKeys(root);
      for (const wrapped of await entries(2)) {
        const key = unwrapKey(wrapped, roots);
        if (key.kind === 'refused') throw new Error(key.code);
        // A public key.
        if (key.value.place.kind === 'recipient') continue;
        keys.set(`${key.value.place.kind} key ${key.value.collection}`.trim(), Buffer.from(key.value.key.bytes));
      }
    }
  } finally {
    await store.close();
  }
  return keys;
};

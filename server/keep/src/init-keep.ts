// Makes a new store with its first key slot. The secret comes on standard input as it is, to its last byte.

import { explainRefusal } from '@chatelaine/contract';
import { wipe } from '@chatelaine/secret';
import { openSqliteStore } from '@chatelaine/store';
import { createVault, type KeySlotKind, type SlotSecret } from '@chatelaine/vault';
import { storePath } from './keep.ts';
import type { KeepConfig } from './keep-config.ts';

const MAX_SECRET_BYTES = 65_536;

const isSlotKind = (kind: string): kind is KeySlotKind => kind === 'pass-phrase' || kind === 'key-file';

/** Reads standard input to its end into one array, which the caller wipes. */
const readSecret = async (): Promise<Buffer> => {
  const secret = Buffer.allocUnsafeSlow(MAX_SECRET_BYTES);
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    if (length + chunk.length > MAX_SECRET_BYTES) throw new RangeError(`the secret is over ${MAX_SECRET_BYTES} bytes`);
    chunk.copy(secret, length);
    length += chunk.length;
    chunk.fill(0);
  }
  return secret.subarray(0, length);
};

const makeStore = async (
  { keep, purpose }: KeepConfig,
  slot: SlotSecret & { readonly label: string },
): Promise<number> => {
  const store = await openSqliteStore({ path: storePath(keep.directory), create: true, purpose });
  try {
    const made = await createVault({ store, purpose, slot, anchorPath: keep.anchor, nowUnixMs: Date.now() });
    if (made.kind === 'refused') {
      const { text, hint } = explainRefusal(made);
      process.stderr.write(`keep: ${text} ${hint}\n`);
      return 1;
    }
    const { rootKeyId } = made.value;
    await made.value.close();
    process.stdout.write(`${JSON.stringify({ storeId: store.id, rootKeyId })}\n`);
    return 0;
  } finally {
    await store.close();
  }
};

/** Prints one JSON line with the ids of the new store; returns the exit code. */
export const initKeep = async (config: KeepConfig, kind: string, label: string): Promise<number> => {
  if (!isSlotKind(kind)) throw new RangeError('--init takes pass-phrase or key-file');
  const secret = await readSecret();
  try {
    return await makeStore(config, { kind, secret, label });
  } finally {
    wipe(secret);
  }
};

// A vault to test with: a store in memory, an anchor in a directory of its own, cheap pass phrases.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Result } from '@chatelaine/contract';
import { CHEAP_COST } from '@chatelaine/secret';
import { createVault, openVault, type SlotSecret, type Vault } from '../index.ts';
import { MemoryStore } from './memory-store.ts';

export const passPhrase: SlotSecret = { kind: 'pass-phrase', secret: Buffer.from('correct horse battery staple') };
export const keyFile: SlotSecret = { kind: 'key-file', secret: Buffer.from('any bytes will do, 16 or more') };

/** A directory that is gone after the test. */
export const temporaryDirectory = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'vault-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

/** The answer, or the test fails. */
export const accepted = <T>(result: Result<T>): T => {
  if (result.kind === 'ok') return result.value;
  throw new Error(`refused: ${result.code} ${result.message ?? ''}`);
};

export interface TestVault {
  readonly store: MemoryStore;
  readonly vault: Vault;
  readonly anchorPath: string;
  /** Opens the store again. */
  reopen(secret?: SlotSecret): Promise<Result<Vault>>;
}

/** Makes a vault with one slot, {@link keyFile} if no other is given; closed after the test. */
export const makeVault = async (t: TestContext, slot: SlotSecret = keyFile): Promise<TestVault> => {
  const store = new MemoryStore();
  const anchorPath = join(temporaryDirectory(t), 'anchor');
  const opened: Vault[] = [];
  const vault = accepted(
    await createVault({
      store,
      purpose: 'development',
      slot: { ...slot, label: 'first' },
      anchorPath,
      nowUnixMs: 1_700_000_000_000,
      argon2: CHEAP_COST,
    }),
  );
  opened.push(vault);
  t.after(async () => {
    for (const each of opened) await each.close();
  });
  const reopen = async (secret: SlotSecret = slot): Promise<Result<Vault>> => {
    const result = await openVault({ store, secret, anchorPath, argon2: CHEAP_COST });
    if (result.kind === 'ok') opened.push(result.value);
    return result;
  };
  return { store, vault, anchorPath, reopen };
};

/** Puts one record, with an audit record, in a transaction of its own, and brings the anchor up to it. */
export const putRecord = async (vault: Vault, collection: string, path: string, value: string): Promise<void> => {
  const tx = vault.begin();
  tx.put(collection, path, Buffer.from(value));
  tx.appendAudit(0, Buffer.from(`put ${path}`));
  const committed = await tx.commit();
  if (committed.kind !== 'committed') throw new Error(`not committed: ${committed.kind}`);
  await vault.advanceAnchor(committed);
};

/** Reads one record as text; undefined if there is none. */
export const readRecord = async (vault: Vault, collection: string, path: string): Promise<string | undefined> => {
  const record = await vault.begin().get(collection, path);
  const text = record && Buffer.from(record.value.bytes).toString();
  record?.value.release();
  return text;
};

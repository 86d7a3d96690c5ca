// A new vault in an empty store. The anchor is written first: a creation that was cut off can be repeated, and a store that
// was emptied later is never taken for a new one.

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import { type FillRandom, fillRandom, type PassPhraseCost, PRODUCTION_COST } from '@chatelaine/secret';
import type { Store } from '@chatelaine/store';
import { AnchorFile, readAnchor } from './anchor-file.ts';
import { createFirstKeys, KeyRing } from './key-ring.ts';
import { checkSlotSecret, sealSlot } from './key-slot.ts';
import { OpenVault } from './open-vault.ts';
import { readEntries } from './read-store.ts';
import { RootKey } from './root-key.ts';
import { RootKeys } from './root-keys.ts';
import { headerKey } from './store-keys.ts';
import type { SlotSecret, Vault } from './vault.ts';
import { sealHeader, type VaultPurpose } from './vault-header.ts';

/** What a vault is made of. The caller wipes the slot's secret. */
export interface CreateOptions {
  /** Empty. */
  readonly store: Store;
  /** Fixed for good. */
  readonly purpose: VaultPurpose;
  /** The first key slot. */
  readonly slot: SlotSecret & { readonly label: string };
  /** Where the anchor goes: a file outside the store, in a directory that exists. */
  readonly anchorPath: string;
  readonly nowUnixMs: number;
  /** What a pass phrase costs; {@link PRODUCTION_COST} if absent. */
  readonly argon2?: PassPhraseCost;
  readonly random?: FillRandom;
}

const checkIsNew = async ({ store, anchorPath }: CreateOptions): Promise<Refused | undefined> => {
  const { entries } = await readEntries(store, new Uint8Array(0), { limit: 1 });
  if (entries.length > 0) return refuse('already-exists', { message: 'the store is not empty' });
  const anchor = await readAnchor(anchorPath);
  if (anchor.kind === 'refused') {
    return anchor.code === 'anchor-missing' ? undefined : refuse('already-exists', { message: `${anchorPath} exists` });
  }
  const { storeId, revision } = anchor.value;
  if (storeId !== store.id)
    return refuse('already-exists', { message: `${anchorPath} is the anchor of store ${storeId}` });
  if (revision === 0 && (await store.revision()) === 0) return undefined;
  return refuse('rolled-back', { message: `the store is empty, its anchor at revision ${revision}` });
};

const write = async (options: CreateOptions, roots: RootKeys): Promise<Result<Vault>> => {
  const { store, anchorPath, purpose, nowUnixMs, slot } = options;
  const { random: fill = fillRandom, argon2: cost = PRODUCTION_COST } = options;
  const root = roots.current;
  const sealed = await sealSlot({ slot, root, nowUnixMs, cost, fill });
  if (sealed.kind === 'refused') return sealed;
  const epoch = { number: 0, startedAtUnixMs: nowUnixMs };
  const header = sealHeader({ purpose, rootKeyId: root.id, createdAtUnixMs: nowUnixMs, epoch }, root, fill);
  const durable = { revision: -1, heads: [] };
  const anchor = new AnchorFile({ path: anchorPath, storeId: store.id, roots, fill, durable });
  await anchor.advance({ revision: 0, heads: [] });
  const committed = await store.commit({
    conditions: [{ key: headerKey, absent: true }],
    puts: [
      { key: headerKey, value: header },
      sealed.value.slot,
      sealed.value.recipient,
      ...createFirstKeys(root, fill),
    ],
    deletes: [],
    audit: [],
  });
  if (committed.kind === 'refused') return committed;
  if (committed.kind === 'conflict')
    return refuse('already-exists', { message: 'somebody else made a vault meanwhile' });
  await anchor.advance({ revision: committed.revision, heads: [] });
  const ring = await KeyRing.open(store, roots, fill);
  if (ring.kind === 'refused') return ring;
  return ok(new OpenVault({ store, roots, epoch, ring: ring.value, anchor, cost, fill }));
};

/**
 * Makes a vault in an empty store and opens it.
 *
 * Refusals: `already-exists` if the store or the anchor's place is taken; `rolled-back` if the anchor knows more of this store;
 * `weak-pass-phrase`; `invalid-input`; `busy`; `disk-full`. Throws if the disk fails.
 */
export const createVault = async (options: CreateOptions): Promise<Result<Vault>> => {
  const refused = checkSlotSecret(options.slot) ?? (await checkIsNew(options));
  if (refused !== undefined) return refused;
  const roots = new RootKeys(RootKey.create(options.random ?? fillRandom));
  let made: Result<Vault> | undefined;
  try {
    made = await write(options, roots);
  } finally {
    if (made?.kind !== 'ok') roots.release();
  }
  return made;
};

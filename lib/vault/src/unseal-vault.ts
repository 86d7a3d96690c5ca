// Opening a vault: a slot gives the root key, the root key the others, and the anchor says whether the store is the newest.
// Whatever is wrong is a refusal that says what was expected; nothing is ever taken for empty.

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import { type FillRandom, fillRandom, type PassPhraseCost, PRODUCTION_COST } from '@chatelaine/secret';
import { type Store, StoreError } from '@chatelaine/store';
import { type Anchor, checkAnchor, checkAnchorStore, isAnchorGenuine } from './anchor.ts';
import { AnchorFile, readAnchor } from './anchor-file.ts';
import { KeyRing } from './key-ring.ts';
import { openSlot, readSlot, type StoredSlot, viewSlot } from './key-slot.ts';
import { OpenVault } from './open-vault.ts';
import { readAllEntries } from './read-store.ts';
import type { RootKey } from './root-key.ts';
import { slotPrefix } from './store-keys.ts';
import { DamagedRecordError, type KeySlotView, type SlotSecret, type Vault } from './vault.ts';
import { isHeaderGenuine, readStoredHeader, type StoredHeader, type VaultPurpose } from './vault-header.ts';

/** What anybody who has the store can read; nothing vouches for it before the vault is open. */
export interface VaultHeader {
  readonly purpose: VaultPurpose;
  /** 16 hex digits. */
  readonly rootKeyId: string;
  readonly createdAtUnixMs: number;
  readonly slots: readonly KeySlotView[];
  /** Slots that cannot be read. */
  readonly damagedSlots: number;
}

/** What `openVault` needs. The caller wipes the secret. */
export interface OpenOptions {
  readonly store: Store;
  readonly secret: SlotSecret;
  /** The anchor file outside the store. */
  readonly anchorPath: string;
  /** If given, a vault made for the other purpose is refused. */
  readonly purpose?: VaultPurpose;
  /** What the pass phrases of slots added later cost. */
  readonly argon2?: PassPhraseCost;
  readonly random?: FillRandom;
}

interface SealedParts {
  readonly header: StoredHeader;
  readonly slots: readonly StoredSlot[];
  readonly damagedSlots: number;
}

/** What a store or a record throws when it is at fault, as a refusal; anything else is thrown on. */
const refusalOf = (error: unknown): Refused => {
  if (error instanceof DamagedRecordError) return refuse(error.code, { message: error.message });
  if (!(error instanceof StoreError)) throw error;
  if (error.code !== 'damaged' && error.code !== 'unsupported-format' && error.code !== 'busy') throw error;
  return refuse(error.code, { message: error.message });
};

const readSealed = async (store: Store): Promise<Result<SealedParts>> => {
  const header = await readStoredHeader(store);
  if (header.kind === 'refused') return header;
  const read = (await readAllEntries(store, slotPrefix)).map(readSlot);
  const slots = read.flatMap((slot) => (slot.kind === 'ok' ? [slot.value] : []));
  return ok({ header: header.value, slots, damagedSlots: read.length - slots.length });
};

/**
 * Reads what can be read while sealed. Refusals: `not-found` for a new store, `damaged`, `unsupported-format`, `busy`.
 */
export const readVaultHeader = async (store: Store): Promise<Result<VaultHeader>> => {
  try {
    const sealed = await readSealed(store);
    if (sealed.kind === 'refused') return sealed;
    const { header, slots, damagedSlots } = sealed.value;
    return ok({ ...header.box.head, slots: slots.map(viewSlot), damagedSlots });
  } catch (error) {
    return refusalOf(error);
  }
};

const openRootKey = async (
  { header, slots, damagedSlots }: SealedParts,
  secret: SlotSecret,
): Promise<Result<RootKey>> => {
  const { rootKeyId } = header.box.head;
  for (const slot of slots) {
    const opened = await openSlot(slot, secret);
    if (opened === undefined) continue;
    if (opened.kind === 'refused' || opened.value.id === rootKeyId) return opened;
    opened.value.release();
    const message = `key slot ${slot.id} holds another root key; ${rootKeyId} was expected`;
    return refuse('damaged', { message });
  }
  if (damagedSlots === 0) return refuse('wrong-key', { message: `root key ${rootKeyId} is expected` });
  const message = `${damagedSlots} key slots of root key ${rootKeyId} cannot be read, and no other opens with this`;
  return refuse('damaged', { message });
};

const findAnchor = async (path: string, store: Store, root: RootKey): Promise<Result<Anchor>> => {
  const read = await readAnchor(path);
  if (read.kind === 'refused') return read;
  const foreign = checkAnchorStore(read.value, store);
  if (foreign !== undefined) return foreign;
  if (isAnchorGenuine(read.value, root)) return read;
  return refuse('damaged', { message: `the anchor file was not written by the holder of root key ${root.id}` });
};

const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/** A store without a vault: new, or emptied since the anchor was written. */
const refuseEmpty = async (refused: Refused, { store, anchorPath }: OpenOptions): Promise<Refused> => {
  if (refused.code !== 'not-found') return refused;
  const anchor = await readAnchor(anchorPath);
  if (anchor.kind === 'refused' || anchor.value.revision === 0) return refused;
  return (
    checkAnchorStore(anchor.value, store) ??
    refuse('rolled-back', { message: `the store is empty, its anchor at revision ${anchor.value.revision}` })
  );
};

const openWith = async (options: OpenOptions, sealed: SealedParts, root: RootKey): Promise<Result<Vault>> => {
  const { store, anchorPath, random: fill = fillRandom, argon2: cost = PRODUCTION_COST } = options;
  const { box } = sealed.header;
  if (!isHeaderGenuine(box, root)) return refuse('damaged', { message: 'the header of the vault was changed' });
  const anchor = await findAnchor(anchorPath, store, root);
  if (anchor.kind === 'refused') return anchor;
  const checked = await checkAnchor(store, anchor.value);
  if (checked.kind === 'refused') return checked;
  const ring = await KeyRing.open(store, root, fill);
  if (ring.kind === 'refused') return ring;
  const file = new AnchorFile({ path: anchorPath, storeId: store.id, root, fill, durable: anchor.value });
  try {
    if (checked.value.isBehind) {
      await file.advance({ revision: await store.revision(), heads: await store.auditHeads() });
    }
  } catch (error) {
    // An anchor that lags guards a little less; a full disk is no reason to stay closed.
    if (!isDiskFull(error)) {
      ring.value.release();
      throw error;
    }
  }
  return ok(new OpenVault({ store, root, ring: ring.value, anchor: file, cost, fill }));
};

/**
 * Opens the vault in `store` with the secret of one key slot.
 *
 * Refusals: `wrong-key`; `damaged`; `rolled-back`; `anchor-missing` (also if the file is another store's);
 * `unsupported-format`; `busy`; `wrong-purpose`; `not-found` if the store is new. Messages name the root key that was
 * expected, never a secret. Throws if the disk fails.
 */
export const openVault = async (options: OpenOptions): Promise<Result<Vault>> => {
  try {
    const sealed = await readSealed(options.store);
    if (sealed.kind === 'refused') return await refuseEmpty(sealed, options);
    const { purpose } = sealed.value.header.box.head;
    if (options.purpose !== undefined && options.purpose !== purpose) {
      return refuse('wrong-purpose', { message: `this one was made for ${purpose}` });
    }
    const root = await openRootKey(sealed.value, options.secret);
    if (root.kind === 'refused') return root;
    let opened: Result<Vault> | undefined;
    try {
      opened = await openWith(options, sealed.value, root.value);
    } finally {
      if (opened?.kind !== 'ok') root.value.release();
    }
    return opened;
  } catch (error) {
    return refusalOf(error);
  }
};

// Opening a vault: a slot gives the root key, the root key the others, and the anchor says whether the store is the newest.
// Whatever is wrong is a refusal that says what was expected; nothing is ever taken for empty.

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import { type FillRandom, fillRandom, type PassPhraseCost, PRODUCTION_COST } from '@chatelaine/secret';
import { type Store, StoreError } from '@chatelaine/store';
import { type Anchor, checkAnchor, checkAnchorStore, isAnchorGenuine } from './anchor.ts';
import { AnchorFile, readAnchor } from './anchor-file.ts';
import { KeyRing } from './key-ring.ts';
import { type OpenedSlot, openSlot, readSlot, type StoredSlot, viewSlot } from './key-slot.ts';
import { OpenVault } from './open-vault.ts';
import { readAllEntries } from './read-store.ts';
import type { RootKeys } from './root-keys.ts';
import { findRootKeys, type RotationPlan } from './rotation-record.ts';
import { slotPrefix } from './store-keys.ts';
import { DamagedRecordError, type KeySlotView, type SlotSecret, type Vault } from './vault.ts';
import { type Epoch, isHeaderGenuine, readStoredHeader, type StoredHeader, type VaultPurpose } from './vault-header.ts';

/** What anybody who has the store can read; nothing vouches for it before the vault is open. */
export interface VaultHeader {
  readonly purpose: VaultPurpose;
  /** 16 hex digits. */
  readonly rootKeyId: string;
  readonly createdAtUnixMs: number;
  readonly epoch: Epoch;
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

export interface SealedParts {
  readonly header: StoredHeader;
  readonly slots: readonly StoredSlot[];
  readonly damagedSlots: number;
}

/** What a store or a record throws when it is at fault, as a refusal; anything else is thrown on. */
export const refusalOf = (error: unknown): Refused => {
  if (error instanceof DamagedRecordError) return refuse(error.code, { message: error.message });
  if (!(error instanceof StoreError)) throw error;
  if (error.code !== 'damaged' && error.code !== 'unsupported-format' && error.code !== 'busy') throw error;
  return refuse(error.code, { message: error.message });
};

/** Reads what is there before anything is opened. */
export const readSealed = async (store: Store): Promise<Result<SealedParts>> => {
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

/** Tries the secret on all slots. The caller releases the root key. */
const openAnySlot = async (
  { header, slots, damagedSlots }: SealedParts,
  secret: SlotSecret,
): Promise<Result<OpenedSlot & { readonly slotId: string }>> => {
  const { rootKeyId } = header.box.head;
  for (const slot of slots) {
    const opened = await openSlot(slot, secret);
    if (opened === undefined) continue;
    if (opened.kind === 'refused') return opened;
    if (opened.value.root.id === rootKeyId) return ok({ ...opened.value, slotId: slot.id });
    opened.value.root.release();
    const message = `key slot ${slot.id} holds another root key; ${rootKeyId} was expected`;
    return refuse('damaged', { message });
  }
  if (damagedSlots === 0) return refuse('wrong-key', { message: `root key ${rootKeyId} is expected` });
  const message = `${damagedSlots} key slots of root key ${rootKeyId} cannot be read, and no other opens with this`;
  return refuse('damaged', { message });
};

/** What a secret opened: the root keys, which the caller releases, and the slot it was. */
export interface OpenedRoots {
  readonly roots: RootKeys;
  readonly plan?: RotationPlan;
  readonly slotId: string;
  readonly recipient: Buffer;
}

/** Opens the root keys, and checks the header. Refusals: `wrong-key`, `damaged`, `unsupported-format`, `busy`. */
export const openRoots = async (
  store: Store,
  sealed: SealedParts,
  secret: SlotSecret,
): Promise<Result<OpenedRoots>> => {
  const opened = await openAnySlot(sealed, secret);
  if (opened.kind === 'refused') return opened;
  const { root, recipient, slotId } = opened.value;
  const found = isHeaderGenuine(sealed.header.box, root)
    ? await findRootKeys(store, root)
    : refuse('damaged', { message: 'the header of the vault was changed' });
  if (found.kind === 'ok') return ok({ ...found.value, recipient, slotId });
  root.release();
  return found;
};

const findAnchor = async (path: string, store: Store, roots: RootKeys): Promise<Result<Anchor>> => {
  const read = await readAnchor(path);
  if (read.kind === 'refused') return read;
  const foreign = checkAnchorStore(read.value, store);
  if (foreign !== undefined) return foreign;
  const root = roots.find(read.value.rootKeyId);
  if (root !== undefined && isAnchorGenuine(read.value, root)) return read;
  const message = `the anchor file was not written by the holder of root key ${roots.current.id}`;
  return refuse('damaged', { message });
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

const openWith = async (
  options: OpenOptions,
  epoch: Epoch,
  { roots, plan, slotId, recipient }: OpenedRoots,
): Promise<Result<Vault>> => {
  const { store, anchorPath, random: fill = fillRandom, argon2: cost = PRODUCTION_COST } = options;
  const anchor = await findAnchor(anchorPath, store, roots);
  if (anchor.kind === 'refused') return anchor;
  const checked = await checkAnchor(store, anchor.value);
  if (checked.kind === 'refused') return checked;
  const ring = await KeyRing.open(store, roots, fill);
  if (ring.kind === 'refused') return ring;
  const file = new AnchorFile({ path: anchorPath, storeId: store.id, roots, fill, durable: anchor.value });
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
  const vault = new OpenVault({ store, roots, epoch, ring: ring.value, anchor: file, cost, fill }, plan);
  await vault.keepRecipient(slotId, recipient);
  return ok(vault);
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
    const { purpose, epoch } = sealed.value.header.box.head;
    if (options.purpose !== undefined && options.purpose !== purpose) {
      return refuse('wrong-purpose', { message: `this one was made for ${purpose}` });
    }
    const roots = await openRoots(options.store, sealed.value, options.secret);
    if (roots.kind === 'refused') return roots;
    let opened: Result<Vault> | undefined;
    try {
      opened = await openWith(options, epoch, roots.value);
    } finally {
      if (opened?.kind !== 'ok') roots.value.roots.release();
    }
    return opened;
  } catch (error) {
    return refusalOf(error);
  }
};

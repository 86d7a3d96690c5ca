// What an open vault offers to the keep: sealed collections whose names the store cannot read, and audit records sealed
// before they enter the chain.

import type { RefusalCode, Refused, Result } from '@chatelaine/contract';
import type { AuditEntry, AuditHead, Committed, Store } from '@chatelaine/store';
import type { Epoch } from './vault-header.ts';

/** Bytes in locked memory. Whoever gets one releases it; `bytes` is zeroed then and must not be used any more. */
export interface OpenedBytes {
  readonly bytes: Uint8Array;
  release(): void;
}

export interface OpenedRecord {
  /** The record's own name, `/`-separated, as it was put. */
  readonly path: string;
  readonly value: OpenedBytes;
}

/** One transaction over any number of collections. Every record read becomes a condition of the commit. */
export interface SealedTransaction {
  /**
   * Undefined if there is none. After a `put` or `delete` in this transaction it is as that left it. Throws
   * {@link DamagedRecordError}, and RangeError for a path that cannot be one: 1 to 32 non-empty segments joined by `/`,
   * at most 4,096 bytes of well-formed text.
   */
  get(collection: string, path: string): Promise<OpenedRecord | undefined>;
  /** `value` is sealed at once; the caller may wipe it afterwards. Throws RangeError, as `get`. */
  put(collection: string, path: string, value: Uint8Array): void;
  delete(collection: string, path: string): void;
  appendAudit(lane: number, record: Uint8Array): void;
  /** Nothing was written: there is nothing to commit. */
  readonly isEmpty: boolean;
  /**
   * Ends the transaction; any further use throws. Refusals: `too-large`, `disk-full`, `busy`. Throws RangeError if there is
   * nothing to commit, {@link DamagedRecordError} if the data key of a collection was taken away. With `mayUseReserve` it may use
   * the room that the store keeps for a full disk.
   */
  commit(options?: { readonly mayUseReserve?: boolean }): Promise<Committed | { readonly kind: 'conflict' } | Refused>;
}

/**
 * A `peer` slot opens with what another server keeps for this one, a `systemd-creds` slot with what systemd keeps for this machine,
 * a `shares` slot with some of the shares of a secret. All three are tried like a key file.
 */
export type KeySlotKind = 'pass-phrase' | 'key-file' | 'shares' | 'peer' | 'systemd-creds';

/** How a secret is shared. */
export interface Sharing {
  /** How many shares open the slot. */
  readonly threshold: number;
  readonly shares: number;
}

export interface KeySlotView {
  readonly id: string;
  readonly kind: KeySlotKind;
  readonly label: string;
  readonly createdAtUnixMs: number;
  /** Both of a `shares` slot only. */
  readonly threshold?: number;
  readonly shares?: number;
}

/** What opens a slot. The caller wipes `secret`. */
export type SlotSecret =
  | { readonly kind: Exclude<KeySlotKind, 'shares'>; readonly secret: Uint8Array }
  | { readonly kind: 'shares'; readonly secret: Uint8Array; readonly sharing?: Sharing };

/** What a rotation is to replace. */
export interface RotationParts {
  readonly root: boolean;
  /** The data keys of all collections and the key of new audit records. */
  readonly data: boolean;
}

/** A rotation under way. */
export interface RotationState extends RotationParts {
  readonly startedAtUnixMs: number;
  /** Records sealed anew by this process, and how many there were to do; 0 before they were counted. */
  readonly done: number;
  readonly total: number;
}

/** An audit record to be sealed and appended in the transaction of a change. The caller wipes `record`. */
export interface AuditAppend {
  readonly lane: number;
  readonly record: Uint8Array;
}

/** A stored record does not open: flipped, moved, swapped or cut off. Names the place, never the contents. */
export class DamagedRecordError extends Error {
  override readonly name = 'DamagedRecordError';
  readonly code: RefusalCode = 'damaged';
}

/** How a rotation is run. */
export interface RotationRun {
  readonly signal: AbortSignal;
  /** Composes the record of its end. */
  readonly audit?: () => AuditAppend;
  /** The share of time that it takes from everything else, 0 to 1; a fifth if absent. */
  readonly share?: number;
}

export interface Vault {
  /** 16 hex digits; names the root key without telling anything about it. Another one after a rotation. */
  readonly rootKeyId: string;
  readonly epoch: Epoch;
  begin(): SealedTransaction;
  /** Records whose path begins with the whole segments of `prefix` (empty: all), in no meaningful order. */
  list(
    collection: string,
    prefix: string,
    options: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly records: readonly OpenedRecord[]; readonly cursor?: string }>;
  /** Opens an audit record for showing. Throws {@link DamagedRecordError}. */
  openAudit(entry: AuditEntry): OpenedBytes;
  slots(): Promise<readonly KeySlotView[]>;
  /**
   * Adds a slot, with its audit record in the same transaction; the anchor knows it when this resolves. Refusals:
   * `too-many-keyslots`, `weak-pass-phrase`, `invalid-input` (a key file of less than 16 bytes, a label of more than 100
   * characters), `busy`, `conflict`, `disk-full`. Throws {@link DamagedRecordError}.
   */
  addSlot(secret: SlotSecret, label: string, nowUnixMs: number, audit?: AuditAppend): Promise<Result<KeySlotView>>;
  /**
   * Adds a slot that some of many shares open. The caller releases the texts, one for each person; nobody can make them again.
   * Refusals as of `addSlot`; `invalid-input` unless 2 <= threshold <= shares <= 32.
   */
  addSharesSlot(
    sharing: Sharing,
    label: string,
    nowUnixMs: number,
    audit?: AuditAppend,
  ): Promise<Result<{ readonly slot: KeySlotView; readonly texts: readonly OpenedBytes[] }>>;
  /**
   * Removes a slot, likewise; also one that is damaged. Refusals: `not-found`, `conflict`, `disk-full`; `last-keyslot` if none
   * would be left that opens a backup anywhere.
   */
  removeSlot(id: string, audit?: AuditAppend): Promise<Result<Record<string, never>>>;
  /** The rotation that is under way, also one that an earlier process began. */
  readonly rotation: RotationState | undefined;
  /**
   * Begins a rotation; durable, with its audit record, when this resolves. Then {@link continueRotation}. Refusals: `conflict` if
   * one is under way; `old-keyslot` if a slot cannot follow; `damaged` if a slot cannot be read; `busy`; `disk-full`.
   */
  beginRotation(parts: RotationParts, nowUnixMs: number, audit?: AuditAppend): Promise<Result<Record<string, never>>>;
  /**
   * Does what is left of a rotation, beside everything else; a process that is killed goes on with it when it opens the vault again.
   * Resolves when the old keys are destroyed, or when `signal` aborts. Throws {@link DamagedRecordError} if a record does not open:
   * the old keys stay then.
   */
  continueRotation(options: RotationRun): Promise<void>;
  /**
   * Writes into `copy`, a copy of the store that nobody else uses, what it holds, so that a check of it notices what is taken out.
   * Throws StoreError, and {@link DamagedRecordError} if it is no copy of this vault.
   */
  listContents(copy: Store): Promise<void>;
  /** Notes a commit; resolves when the anchor outside the store durably knows it (or a later one). Coalesced. */
  advanceAnchor(committed: { readonly revision: number; readonly audit: readonly AuditHead[] }): Promise<void>;
  /** Wipes the keys; the vault is of no use afterwards. */
  close(): Promise<void>;
}

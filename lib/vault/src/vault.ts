// What an open vault offers to the keep: sealed collections whose names the store cannot read, and audit records sealed
// before they enter the chain.

import type { RefusalCode, Refused, Result } from '@chatelaine/contract';
import type { AuditEntry, AuditHead, Committed } from '@chatelaine/store';

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
   * nothing to commit, {@link DamagedRecordError} if the data key of a collection was taken away.
   */
  commit(): Promise<Committed | { readonly kind: 'conflict' } | Refused>;
}

/** A `peer` slot opens with what another server keeps for this one; it is made and tried like a key file. */
export type KeySlotKind = 'pass-phrase' | 'key-file' | 'peer';

export interface KeySlotView {
  readonly id: string;
  readonly kind: KeySlotKind;
  readonly label: string;
  readonly createdAtUnixMs: number;
}

/** What opens a slot. The caller wipes `secret`. */
export interface SlotSecret {
  readonly kind: KeySlotKind;
  readonly secret: Uint8Array;
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

export interface Vault {
  /** 16 hex digits; names the root key without telling anything about it. */
  readonly rootKeyId: string;
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
  /** Removes a slot, likewise; also one that is damaged. Refusals: `not-found`, `last-keyslot`, `conflict`, `disk-full`. */
  removeSlot(id: string, audit?: AuditAppend): Promise<Result<Record<string, never>>>;
  /** Notes a commit; resolves when the anchor outside the store durably knows it (or a later one). Coalesced. */
  advanceAnchor(committed: { readonly revision: number; readonly audit: readonly AuditHead[] }): Promise<void>;
  /** Wipes the keys; the vault is of no use afterwards. */
  close(): Promise<void>;
}

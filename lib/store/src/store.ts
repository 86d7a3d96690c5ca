// What a store is: transactional key-value with revisions, one durable answer a commit, and an audit chain that the store
// itself numbers and links, in the same transaction. Every implementation passes the one conformance suite. The limits are
// etcd's, on purpose, everywhere. A store sees sealed bytes only.

import type { Refused } from '@chatelaine/contract';

/** Limits of every store. Keys 1 to 1,024 bytes. */
export const MAX_KEY_BYTES = 1_024;
/** Operations of one transaction: conditions, puts, deletes and audit appends together. */
export const MAX_OPERATIONS = 100;
/** Bytes of one transaction: keys, values and audit payloads together. */
export const MAX_TRANSACTION_BYTES = 1_048_576;
/** Most entries of one page. */
export const MAX_PAGE = 1_000;
/** Lanes of the audit chain are numbered from 0 to this. */
export const MAX_LANE = 255;

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The revision of the store at which this value was written. */
  readonly revision: number;
}

export interface Page {
  /** Fewer than the limit do not mean the end: a page also ends after some megabytes. */
  readonly entries: readonly Entry[];
  /** Passed to `list` for the next page; absent at the end. Opaque. */
  readonly cursor?: string;
  /** The revision that the page shows; pass it as `atRevision` to see the next page at the same moment. */
  readonly revision: number;
}

/** A condition on one key: last written at exactly this revision, or absent. */
export type Condition =
  | { readonly key: Uint8Array; readonly revision: number }
  | { readonly key: Uint8Array; readonly absent: true };

/**
 * All or nothing. A key appears at most once among puts and deletes. Deleting what is not there is no mistake. One that has
 * conditions only changes nothing and takes no revision: it is answered with the present one.
 */
export interface Transaction {
  readonly conditions: readonly Condition[];
  readonly puts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly deletes: readonly Uint8Array[];
  readonly audit: readonly { readonly lane: number; readonly payload: Uint8Array }[];
  /** On a full disk it may use the room that is kept for what must not wait; a store without such room ignores it. */
  readonly mayUseReserve?: boolean;
}

/** Where an appended record ended up. */
export interface AuditHead {
  readonly lane: number;
  /** 1 for the first record of a lane. */
  readonly sequence: number;
  /** 32 bytes: SHA-256 over lane, sequence, previous hash and payload; see `auditHash` and docs/formats/store.md. */
  readonly hash: Uint8Array;
}

export interface AuditEntry extends AuditHead {
  readonly payload: Uint8Array;
}

/** Durable: the data is on the disk before this is answered. */
export interface Committed {
  readonly kind: 'committed';
  readonly revision: number;
  /** In the order of the appends. */
  readonly audit: readonly AuditHead[];
}

/** A condition did not hold; nothing was changed. */
export interface Conflict {
  readonly kind: 'conflict';
  readonly key: Uint8Array;
}

export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: Uint8Array; readonly revision: number };

/** Changes before `revision` are no longer known: list again. A watch goes on with the changes after `revision`. */
export interface Compacted {
  readonly kind: 'compacted';
  readonly revision: number;
}

/** A name held for a time. `token` grows with every holder: a store of something else can refuse an older one. */
export interface Lease {
  readonly name: string;
  readonly token: number;
  /** Extends by the same time; false if it was lost. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

export interface Store {
  /** Random, made with the store: 32 hex digits. */
  readonly id: string;
  /** Revision of the newest commit; 0 for a new store. */
  revision(): Promise<number>;
  /** With an `atRevision` that is no longer known: `compacted`. One in the future throws RangeError, as any option out of range. */
  get(key: Uint8Array, options?: { readonly atRevision?: number }): Promise<Entry | undefined | Compacted>;
  /** Entries whose key begins with `prefix`, in key order. Limit 1 to {@link MAX_PAGE}. */
  list(
    prefix: Uint8Array,
    options: { readonly limit: number; readonly cursor?: string; readonly atRevision?: number },
  ): Promise<Page | Compacted>;
  /**
   * Copies what it is given before it returns. Refusals: `too-large`, `disk-full`, `busy`. Throws RangeError where the transaction
   * is a bug of the caller (no operation, an empty key, a key twice, no such lane), and StoreError `damaged` or `internal` where
   * the disk is at fault: after `internal` it is unknown whether the data is there.
   */
  commit(transaction: Transaction): Promise<Committed | Conflict | Refused>;
  /**
   * Changes after `since`, in order, until `signal` aborts or the store closes; then it ends without an error. Nothing is kept for a
   * slow watcher: it is told `compacted`, as is one whose `since` the store does not know.
   */
  watch(prefix: Uint8Array, since: number, signal: AbortSignal): AsyncIterable<Change | Compacted>;
  /** Undefined if somebody else holds it. `ttlMs` from 1 to 86,400,000. Throws StoreError `disk-full`: the token is durable. */
  lease(name: string, ttlMs: number): Promise<Lease | undefined>;
  /** Records of a lane from `from` (a sequence) upward, at most `limit`; missing ones are left out, nothing is checked. */
  audit(lane: number, options: { readonly from: number; readonly limit: number }): Promise<readonly AuditEntry[]>;
  auditHeads(): Promise<readonly AuditHead[]>;
  /** Writes a consistent copy to a new file at `path` (mode 0600) while commits go on. Throws StoreError `already-exists`, `disk-full`, … */
  backup(path: string): Promise<{ readonly revision: number; readonly sizeBytes: number }>;
  /** Waits for commits under way. Idempotent. */
  close(): Promise<void>;
}

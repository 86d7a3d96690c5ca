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

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The revision of the store at which this value was written. */
  readonly revision: number;
}

export interface Page {
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

/** All or nothing. A key appears at most once among puts and deletes. */
export interface Transaction {
  readonly conditions: readonly Condition[];
  readonly puts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly deletes: readonly Uint8Array[];
  readonly audit: readonly { readonly lane: number; readonly payload: Uint8Array }[];
}

/** Where an appended record ended up. */
export interface AuditHead {
  readonly lane: number;
  /** 1 for the first record of a lane. */
  readonly sequence: number;
  /** 32 bytes: SHA-256 over lane, sequence, previous hash and payload; see docs/formats.md. */
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

/** Changes before `revision` are no longer known: list again, then watch from there. */
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
  /** With an `atRevision` that is no longer known: `compacted`. */
  get(key: Uint8Array, options?: { readonly atRevision?: number }): Promise<Entry | undefined | Compacted>;
  /** Entries whose key begins with `prefix`, in key order. Limit 1 to {@link MAX_PAGE}. */
  list(
    prefix: Uint8Array,
    options: { readonly limit: number; readonly cursor?: string; readonly atRevision?: number },
  ): Promise<Page | Compacted>;
  /** Refusals: `too-large`, `disk-full`, `busy`. A transaction against the limits throws RangeError where it is a bug of the caller (no operation, a key twice). */
  commit(transaction: Transaction): Promise<Committed | Conflict | Refused>;
  /** Changes after `since`, in order, until `signal` aborts. */
  watch(prefix: Uint8Array, since: number, signal: AbortSignal): AsyncIterable<Change | Compacted>;
  /** Undefined if somebody else holds it. */
  lease(name: string, ttlMs: number): Promise<Lease | undefined>;
  /** Records of a lane from `from` (a sequence) upward, at most `limit`; missing ones are left out, nothing is checked. */
  audit(lane: number, options: { readonly from: number; readonly limit: number }): Promise<readonly AuditEntry[]>;
  auditHeads(): Promise<readonly AuditHead[]>;
  /** Writes a consistent copy to a new file at `path` (mode 0600) while commits go on. */
  backup(path: string): Promise<{ readonly revision: number; readonly sizeBytes: number }>;
  /** Waits for commits under way. Idempotent. */
  close(): Promise<void>;
}

// The small interface that everything which keeps passwords offers. Invariant: what `update` answers is durable, and nobody
// else writes between what its decision saw and what it stored.

/** When a whole key stops being there. */
export interface KeyExpiry {
  /** The moment in milliseconds since 1970, with fractions; absent: it does not expire as things are. */
  readonly atUnixMs?: number;
  /** What is begun anew by every write, in seconds. */
  readonly periodSeconds?: number;
}

/** Everything that is stored under one key. */
export interface PasswordRecord {
  /** Values by format, in the order in which they were first stored. As the store keeps them: `openValue` reads one. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly expiry?: KeyExpiry;
}

/** What a decision makes of a record. */
export type RecordChange<Result> =
  | { readonly kind: 'keep'; readonly result: Result }
  | { readonly kind: 'put'; readonly record: PasswordRecord; readonly result: Result }
  | { readonly kind: 'remove'; readonly result: Result };

/** A store for passwords. All of it throws `PasswordStoreError` if the store cannot be read or written. */
export interface PasswordStore {
  /** What is stored under `key`, also if its time is over: whoever asks looks at `expiry`. */
  read(key: string): Promise<PasswordRecord | undefined>;
  /**
   * Shows `decide` the record under the store's exclusive lock and does what it says; resolves with its result once that is
   * durable. `decide` computes nothing slow and has no effects: an optimistic store may call it again.
   */
  update<Result>(key: string, decide: (current: PasswordRecord | undefined) => RecordChange<Result>): Promise<Result>;
  /** Every key that is stored, in the store's own order. */
  keys(): Promise<readonly string[]>;
  /** Everything at once; in place of a record that cannot be read, why. */
  readAll(): Promise<ReadonlyMap<string, PasswordRecord | PasswordStoreError>>;
  /** Stores many records, each in place of what is there; all of them or none. */
  putAll(records: ReadonlyMap<string, PasswordRecord>): Promise<void>;
  /** The bytes to store for a value; a copy. */
  sealValue(value: Uint8Array): Uint8Array;
  /** The value of what is stored; a copy, which the caller wipes. */
  openValue(stored: Uint8Array): Uint8Array;
  /** Frees what the store holds. Nothing is lost without it. */
  close(): void;
}

/** Why a store failed. */
export type PasswordStoreErrorCode =
  /** There is no such file or directory, or it may not be opened. */
  | 'unreachable'
  /** What is there cannot be understood; nothing was changed. */
  | 'corrupt'
  /** It is there and well, but holds something that cannot be read exactly; nothing was changed. */
  | 'unsupported'
  /** What encrypts or decrypts values is missing or does not fit. */
  | 'encryption'
  /** Somebody else holds the lock for too long. */
  | 'busy';

/** A store that cannot be read or written. The message names the place, never a value. */
export class PasswordStoreError extends Error {
  override readonly name = 'PasswordStoreError';
  readonly code: PasswordStoreErrorCode;

  constructor(code: PasswordStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// The workflow's store inside one transaction of the keep. Invariant: nothing is stored but by the commit of that transaction, and
// that holds only if everything that was read is still the same.

import { type PasswordRecord, type PasswordStore, PasswordStoreError, type RecordChange } from '@chatelaine/passwords';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { asPasswordRecord, deleteKey, putKey, readKey, withPasswordRecord } from './key-record.ts';
import { secretCopy } from './secret-copy.ts';

export interface TransactionStoreOptions {
  readonly tx: ModuleTransaction;
  readonly nowUnixMs: number;
  /** Of the store. */
  readonly epoch: number;
  /** A key that is made here shows its password once only. */
  readonly hashOnly: boolean;
  /** The other formats outlive a new password. */
  readonly keepsDerived: boolean;
  /** Waits for its turn with a key that is read besides the one in question. */
  readonly waitFor: (key: string) => Promise<void>;
}

export class TransactionStore implements PasswordStore {
  readonly #options: TransactionStoreOptions;
  readonly #copies: Uint8Array[] = [];

  constructor(options: TransactionStoreOptions) {
    this.#options = options;
  }

  async read(key: string): Promise<PasswordRecord | undefined> {
    await this.#options.waitFor(key);
    const record = await readKey(this.#options.tx, key);
    return record && asPasswordRecord(record);
  }

  async update<Result>(
    key: string,
    decide: (current: PasswordRecord | undefined) => RecordChange<Result>,
  ): Promise<Result> {
    const { tx, nowUnixMs, epoch, hashOnly, keepsDerived } = this.#options;
    await this.#options.waitFor(key);
    const before = await readKey(tx, key);
    const current = before && asPasswordRecord(before);
    const change = decide(current);
    if (change.kind === 'put') {
      const { record } = change;
      const values = keepsDerived ? new Map([...(current?.values ?? []), ...record.values]) : record.values;
      putKey(tx, key, withPasswordRecord(before, { ...record, values }, { hashOnly, nowUnixMs, epoch }));
    }
    if (change.kind === 'remove') deleteKey(tx, key);
    return change.result;
  }

  keys(): never {
    throw new PasswordStoreError('unsupported', 'keys are listed a page at a time');
  }

  readAll(): never {
    return this.keys();
  }

  putAll(): never {
    return this.keys();
  }

  sealValue(value: Uint8Array): Uint8Array {
    const copy = secretCopy(value);
    this.#copies.push(copy);
    return copy;
  }

  openValue(stored: Uint8Array): Uint8Array {
    return secretCopy(stored);
  }

  /** Wipes what was sealed here meanwhile. */
  close(): void {
    for (const copy of this.#copies.splice(0)) copy.fill(0);
  }
}

// A module's view of one sealed transaction: only its own collection, only records that fit their declared form. Every
// record read becomes a condition of the commit, so a decision never rests on a record that changed meanwhile.

import { decodeMessage, encodeWhole } from '@chatelaine/contract';
import type { OpenedRecord, SealedTransaction, Vault } from '@chatelaine/vault';
import type { z } from 'zod';

/** The declared form of a record. A record that does not fit is a bug or damage, never skipped. */
export interface RecordForm<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/** Declares the form of a record of a module. */
export const defineRecord = <T>(name: string, schema: z.ZodType<T>): RecordForm<T> => Object.freeze({ name, schema });

/** A stored record is not of the form its module declares, or one that must be there is not. */
export class RecordFormError extends Error {
  override readonly name = 'RecordFormError';
}

interface ListedRecord<T> {
  readonly path: string;
  readonly value: T;
}

interface RecordPage<T> {
  readonly records: readonly ListedRecord<T>[];
  readonly cursor?: string;
}

/**
 * Reads and writes of one attempt. Bytes inside a value read here are views of locked memory, valid until the kernel has
 * encoded the reply; then they are wiped.
 */
export interface ModuleTransaction {
  get<T>(form: RecordForm<T>, path: string): Promise<T | undefined>;
  /** Lists a path prefix, in no meaningful order. Listing adds no condition. */
  list<T>(
    form: RecordForm<T>,
    prefix: string,
    options: { readonly limit: number; readonly cursor?: string },
  ): Promise<RecordPage<T>>;
  put<T>(form: RecordForm<T>, path: string, value: T): void;
  delete(path: string): void;
}

/** Decodes a record; bytes in the value are views of `bytes`. */
const decodeRecord = <T>(form: RecordForm<T>, bytes: Uint8Array): T => {
  const parsed = form.schema.safeParse(decodeMessage(bytes));
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new RecordFormError(`a stored ${form.name} record does not have the declared form (field "${field}")`);
};

/** The kernel's side: one sealed transaction that several modules may see, each through its own collection. */
export class SharedTransaction {
  static readonly #behind = new WeakMap<ModuleTransaction, SharedTransaction>();
  readonly sealed: SealedTransaction;
  readonly #vault: Vault;
  readonly #opened: OpenedRecord[] = [];

  constructor(vault: Vault) {
    this.#vault = vault;
    this.sealed = vault.begin();
  }

  /** The shared transaction that a module's view belongs to. */
  static behind(view: ModuleTransaction): SharedTransaction {
    const shared = SharedTransaction.#behind.get(view);
    if (shared === undefined) throw new TypeError('not a transaction of this keep');
    return shared;
  }

  /** The transaction as the module that owns `collection` sees it. */
  of(collection: string): ModuleTransaction {
    const open = <T>(form: RecordForm<T>, record: OpenedRecord): T => {
      this.#opened.push(record);
      return decodeRecord(form, record.value.bytes);
    };
    const view: ModuleTransaction = {
      get: async (form, path) => {
        const record = await this.sealed.get(collection, path);
        return record === undefined ? undefined : open(form, record);
      },
      list: async (form, prefix, options) => {
        const page = await this.#vault.list(collection, prefix, options);
        this.#opened.push(...page.records);
        const records = page.records.map((record) => ({
          path: record.path,
          value: decodeRecord(form, record.value.bytes),
        }));
        return page.cursor === undefined ? { records } : { records, cursor: page.cursor };
      },
      put: (_form, path, value) => {
        const bytes = encodeWhole(value);
        try {
          this.sealed.put(collection, path, bytes);
        } finally {
          bytes.fill(0);
        }
      },
      delete: (path) => this.sealed.delete(collection, path),
    };
    SharedTransaction.#behind.set(view, this);
    return view;
  }

  /** Wipes every record that was opened for this attempt. Idempotent. */
  release(): void {
    for (const record of this.#opened.splice(0)) record.value.release();
  }
}

// A module's view of one sealed transaction: only its own collection, only records that fit their declared form. Every
// record read becomes a condition of the commit, so a decision never rests on a record that changed meanwhile.

import { decodeMessage, encodeMessage } from '@chatelaine/contract';
import type { SealedTransaction, Vault } from '@chatelaine/vault';
import { wipe } from '@chatelaine/secret';
import type { z } from 'zod';

/** The declared form of a record. A record that does not fit is a bug or damage, never skipped. */
export interface RecordForm<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/** Declares the form of a record of a module. */
export const defineRecord = <T>(name: string, schema: z.ZodType<T>): RecordForm<T> => Object.freeze({ name, schema });

/** A stored record is not of the form its module declares. */
export class RecordFormError extends Error {
  override readonly name = 'RecordFormError';
}

export interface ListedRecord<T> {
  readonly path: string;
  readonly value: T;
}

export interface RecordPage<T> {
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

/** Encodes a record value. The result may hold a secret: the caller wipes it. */
export const encodeRecord = (value: unknown): Buffer => {
  const parts = encodeMessage(value);
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = Buffer.allocUnsafeSlow(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
};

/** Decodes a record; bytes in the value are views of `bytes`. */
export const decodeRecord = <T>(form: RecordForm<T>, bytes: Uint8Array): T => {
  const parsed = form.schema.safeParse(decodeMessage(bytes));
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new RecordFormError(`a stored ${form.name} record does not have the declared form (field "${field}")`);
  }
  return parsed.data;
};

/** The kernel's side: one sealed transaction that several modules may see, each through its own collection. */
export class SharedTransaction {
  readonly sealed: SealedTransaction;
  readonly #vault: Vault;
  readonly #opened: { release(): void }[] = [];

  constructor(vault: Vault) {
    this.#vault = vault;
    this.sealed = vault.begin();
  }

  /** The transaction as the module that owns `collection` sees it. */
  of(collection: string): ModuleTransaction {
    return {
      get: async (form, path) => {
        const record = await this.sealed.get(collection, path);
        if (record === undefined) return undefined;
        this.#opened.push(record.value);
        return decodeRecord(form, record.value.bytes);
      },
      list: async (form, prefix, options) => {
        const page = await this.#vault.list(collection, prefix, options);
        const records = page.records.map((record) => {
          this.#opened.push(record.value);
          return { path: record.path, value: decodeRecord(form, record.value.bytes) };
        });
        return page.cursor === undefined ? { records } : { records, cursor: page.cursor };
      },
      put: (_form, path, value) => {
        const bytes = encodeRecord(value);
        try {
          this.sealed.put(collection, path, bytes);
        } finally {
          wipe(bytes);
        }
      },
      delete: (path) => this.sealed.delete(collection, path),
    };
  }

  /** Wipes every record that was opened for this attempt. Idempotent. */
  release(): void {
    for (const secret of this.#opened.splice(0)) secret.release();
  }
}

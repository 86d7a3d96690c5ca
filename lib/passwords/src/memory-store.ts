// A store that lives as long as its process: for tests, and for Trocla's store `memory`.

import type { PasswordRecord, PasswordStore, RecordChange } from './password-store.ts';

/** Keeps everything in memory, as it is. */
export class MemoryStore implements PasswordStore {
  readonly #records = new Map<string, PasswordRecord>();

  read(key: string): Promise<PasswordRecord | undefined> {
    return Promise.resolve(this.#records.get(key));
  }

  async update<Result>(
    key: string,
    decide: (current: PasswordRecord | undefined) => RecordChange<Result>,
  ): Promise<Result> {
    const change = decide(this.#records.get(key));
    if (change.kind === 'put') this.#records.set(key, change.record);
    if (change.kind === 'remove') this.#records.delete(key);
    return change.result;
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve([...this.#records.keys()]);
  }

  readAll(): Promise<ReadonlyMap<string, PasswordRecord>> {
    return Promise.resolve(new Map(this.#records));
  }

  async putAll(records: ReadonlyMap<string, PasswordRecord>): Promise<void> {
    for (const [key, record] of records) this.#records.set(key, record);
  }

  sealValue(value: Uint8Array): Uint8Array {
    return Uint8Array.from(value);
  }

  openValue(stored: Uint8Array): Uint8Array {
    return Uint8Array.from(stored);
  }

  close(): void {
    this.#records.clear();
  }
}

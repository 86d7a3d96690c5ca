// The opened keys of a vault: blinding, audit, and one data key a collection. A collection gets its data key in the
// transaction that puts its first record; until that is durable the key is only proposed.

import { ok, type Result, refuse } from '@chatelaine/contract';
import { type FillRandom, SecretBytes } from '@chatelaine/secret';
import type { Entry, Store } from '@chatelaine/store';
import { BlindedNames } from './blinded-names.ts';
import type { NumberedKey } from './numbered-key.ts';
import { readAllEntries, readEntries } from './read-store.ts';
import { KEY_BYTES, type RootKey } from './root-key.ts';
import type { RootKeys } from './root-keys.ts';
import { collectionPrefix, type WrappedKeyPlace, wrappedKeyPrefix } from './store-keys.ts';
import { DamagedRecordError } from './vault.ts';
import { type OpenedKey, unwrapKey, wrapKey } from './wrapped-key.ts';

const FIRST = 1;

/** A data key that is not in the store yet. */
export interface ProposedKey {
  readonly collection: string;
  readonly key: NumberedKey;
  /** What is to be put, on the condition that nothing lies there; wrapped with the root key of this moment. */
  readonly wrap: () => { readonly key: Uint8Array; readonly value: Uint8Array };
}

/** Keys of one purpose by number. */
class KeyLine {
  readonly #keys = new Map<number, NumberedKey>();
  newest: NumberedKey | undefined;

  add(number: number, key: SecretBytes): void {
    if (this.#keys.has(number)) {
      key.release();
      return;
    }
    const numbered = { number, key };
    this.#keys.set(number, numbered);
    if (this.newest === undefined || this.newest.number < number) this.newest = numbered;
  }

  get(number: number): NumberedKey | undefined {
    return this.#keys.get(number);
  }

  /** Numbers below this one, ascending. */
  below(number: number): readonly number[] {
    return [...this.#keys.keys()].filter((known) => known < number).sort((a, b) => a - b);
  }

  /** Wipes a key that nothing is sealed with any more. */
  forget(number: number): void {
    this.#keys.get(number)?.key.release();
    this.#keys.delete(number);
  }

  release(): void {
    for (const { key } of this.#keys.values()) key.release();
  }
}

const newKey = (fill: FillRandom): SecretBytes => SecretBytes.random(KEY_BYTES, fill);

/** The entries that a new vault needs: a blinding and an audit key. */
export const createFirstKeys = (root: RootKey, fill: FillRandom): { key: Uint8Array; value: Uint8Array }[] =>
  (['blinding', 'audit'] as const).map((kind) => {
    using key = newKey(fill);
    return wrapKey({ place: { kind, number: FIRST }, collection: '', key }, root, fill);
  });

export class KeyRing {
  readonly #store: Store;
  readonly #roots: RootKeys;
  readonly #fill: FillRandom;
  readonly #blinding = new KeyLine();
  readonly #audit = new KeyLine();
  readonly #data = new Map<string, KeyLine>();
  readonly #proposed = new Map<string, ProposedKey>();
  readonly #superseded: SecretBytes[] = [];
  #names: BlindedNames | undefined;

  private constructor(store: Store, roots: RootKeys, fill: FillRandom) {
    this.#store = store;
    this.#roots = roots;
    this.#fill = fill;
  }

  /** Opens all keys that the store holds. Refusals: `damaged`, `unsupported-format`. The root keys stay the caller's. */
  static async open(store: Store, roots: RootKeys, fill: FillRandom): Promise<Result<KeyRing>> {
    const ring = new KeyRing(store, roots, fill);
    const loaded = await ring.#load(await readAllEntries(store, wrappedKeyPrefix));
    if (loaded.kind === 'ok') return ok(ring);
    ring.release();
    return loaded;
  }

  async #load(entries: readonly Entry[]): Promise<Result<undefined>> {
    for (const entry of entries) {
      const opened = unwrapKey(entry, this.#roots);
      if (opened.kind === 'refused') return opened;
      this.#add(opened.value);
    }
    const blinding = this.#blinding.newest;
    if (blinding === undefined || this.#audit.newest === undefined) {
      return refuse('damaged', { message: 'the blinding or the audit key is missing' });
    }
    this.#names ??= new BlindedNames(blinding.key);
    return ok(undefined);
  }

  #add({ place, collection, key }: OpenedKey): void {
    if (place.kind === 'recipient') {
      key.release();
    } else if (place.kind === 'data') {
      const line = this.#data.get(collection) ?? new KeyLine();
      this.#data.set(collection, line);
      line.add(place.number, key);
    } else {
      (place.kind === 'audit' ? this.#audit : this.#blinding).add(place.number, key);
    }
  }

  get names(): BlindedNames {
    if (this.#names === undefined) throw new Error('the keys are not loaded');
    return this.#names;
  }

  /** The key that new audit records are sealed with. */
  get audit(): NumberedKey {
    const { newest } = this.#audit;
    if (newest === undefined) throw new Error('the keys are not loaded');
    return newest;
  }

  auditKey(number: number): NumberedKey | undefined {
    return this.#audit.get(number);
  }

  /** The key that new records are sealed with; undefined if the collection has none in the store as far as is known. */
  newest(collection: string): NumberedKey | undefined {
    return this.#data.get(collection)?.newest;
  }

  /** The key of this number; undefined if it is not in the store as far as is known. */
  find(collection: string, number: number): NumberedKey | undefined {
    return this.#data.get(collection)?.get(number);
  }

  /** Looks in the store for keys that others made meanwhile. Throws {@link DamagedRecordError}. */
  async refresh(): Promise<void> {
    const loaded = await this.#load(await readAllEntries(this.#store, wrappedKeyPrefix));
    if (loaded.kind === 'refused') throw new DamagedRecordError(loaded.message);
    for (const [collection, proposed] of this.#proposed) {
      if (this.newest(collection) === undefined) continue;
      // A transaction under way may hold values sealed with it; it will find that another key lies at its place.
      this.#superseded.push(proposed.key.key);
      this.#proposed.delete(collection);
    }
  }

  /** The first key of a collection that has none; the same for every transaction until it is durable. */
  propose(collection: string): ProposedKey {
    const known = this.#proposed.get(collection);
    if (known !== undefined) return known;
    const place: WrappedKeyPlace = { kind: 'data', collectionId: this.names.collectionId(collection), number: FIRST };
    const key = newKey(this.#fill);
    const wrap = () => wrapKey({ place, collection, key }, this.#roots.current, this.#fill);
    const proposed = { collection, key: { number: FIRST, key }, wrap };
    this.#proposed.set(collection, proposed);
    return proposed;
  }

  /** The proposed key is durable. */
  settle(proposed: ProposedKey): void {
    if (this.#proposed.get(proposed.collection) !== proposed) return;
    this.#proposed.delete(proposed.collection);
    this.#add({
      place: { kind: 'data', collectionId: this.names.collectionId(proposed.collection), number: FIRST },
      collection: proposed.collection,
      key: proposed.key.key,
    });
  }

  /** Every collection that has a data key, with its id in hex and the number of its newest key. */
  collections(): readonly { readonly collection: string; readonly id: string; readonly newest: number }[] {
    return [...this.#data].map(([collection, line]) => ({
      collection,
      id: Buffer.from(this.names.collectionId(collection)).toString('hex'),
      newest: line.newest?.number ?? 0,
    }));
  }

  /** Numbers of data keys of a collection below one. */
  dataKeysBelow(collection: string, number: number): readonly number[] {
    return this.#data.get(collection)?.below(number) ?? [];
  }

  /** A fresh key for a place, to be put there; {@link adopt} it once it is durable, or release it. */
  makeKey(place: Exclude<WrappedKeyPlace, { readonly kind: 'recipient' }>, collection: string) {
    const key = newKey(this.#fill);
    return {
      entry: wrapKey({ place, collection, key }, this.#roots.current, this.#fill),
      opened: { place, collection, key },
    };
  }

  /** A key that is in the store now; what is sealed from here on is sealed with the newest. */
  adopt(opened: OpenedKey): void {
    this.#add(opened);
  }

  /** Wipes a data key that is gone from the store. */
  forget(collection: string, number: number): void {
    this.#data.get(collection)?.forget(number);
  }

  /** Whether the store holds records of a collection. */
  async hasRecords(collection: string): Promise<boolean> {
    const prefix = collectionPrefix(this.names.collectionId(collection));
    return (await readEntries(this.#store, prefix, { limit: 1 })).entries.length > 0;
  }

  release(): void {
    for (const line of [this.#blinding, this.#audit, ...this.#data.values()]) line.release();
    for (const { key } of this.#proposed.values()) key.key.release();
    for (const key of this.#superseded) key.release();
  }
}

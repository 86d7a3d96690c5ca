// One transaction over sealed records. Every record read, there or not, becomes a condition of the commit, so that what was
// decided on it is never carried out on something else.

import { type Refused, refuse } from '@chatelaine/contract';
import type { FillRandom } from '@chatelaine/secret';
import { type Committed, type Condition, MAX_TRANSACTION_BYTES, type Store } from '@chatelaine/store';
import type { BlindedName } from './blinded-names.ts';
import type { KeyRing, ProposedKey } from './key-ring.ts';
import type { NumberedKey } from './numbered-key.ts';
import { openStoredRecord } from './open-stored-record.ts';
import { readEntry } from './read-store.ts';
import { openRecord, sealAudit, sealRecord } from './sealed-value.ts';
import { DamagedRecordError, type OpenedRecord, type SealedTransaction } from './vault.ts';

/** What a transaction needs of its vault. */
export interface TransactionServices {
  readonly store: Store;
  readonly fill: FillRandom;
  /** Throws once the vault is closed. */
  readonly ring: () => KeyRing;
  /** Commits that are not answered yet. */
  readonly inFlight: Set<Promise<unknown>>;
}

interface Put {
  readonly kind: 'put';
  readonly collection: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly sealedWith: NumberedKey;
}

type Written = Put | { readonly kind: 'delete'; readonly key: Uint8Array };

export class VaultTransaction implements SealedTransaction {
  readonly #services: TransactionServices;
  /** By the text of a blinded name; revision 0: absent. */
  readonly #reads = new Map<string, { readonly key: Uint8Array; readonly revision: number }>();
  readonly #writes = new Map<string, Written>();
  readonly #audit: { readonly lane: number; readonly payload: Uint8Array }[] = [];
  readonly #proposed = new Map<string, ProposedKey>();
  #isTooLarge = false;
  #sawTwoStates = false;
  #isOver = false;

  constructor(services: TransactionServices) {
    this.#services = services;
  }

  get isEmpty(): boolean {
    return this.#writes.size === 0 && this.#audit.length === 0 && !this.#isTooLarge;
  }

  async get(collection: string, path: string): Promise<OpenedRecord | undefined> {
    const ring = this.#begin();
    const name = ring.names.blind(collection, path);
    const written = this.#writes.get(name.text);
    if (written?.kind === 'delete') return undefined;
    if (written?.kind === 'put') {
      if (!written.sealedWith.key.isReleased) return openRecord(written.value, written.key, written.sealedWith);
      // Its key was replaced and destroyed meanwhile: this transaction can only be begun anew.
      this.#sawTwoStates = true;
      return undefined;
    }
    const entry = await readEntry(this.#services.store, name.key);
    this.#noteRead(name, entry?.revision ?? 0);
    return entry && openStoredRecord(this.#services.ring(), collection, entry, path);
  }

  put(collection: string, path: string, value: Uint8Array): void {
    const ring = this.#begin();
    const name = ring.names.blind(collection, path);
    if (value.length > MAX_TRANSACTION_BYTES) {
      this.#isTooLarge = true;
      return;
    }
    const key = ring.newest(collection) ?? this.#propose(ring, collection).key;
    const sealed = sealRecord({ at: name.key, path, content: value }, key, this.#services.fill);
    this.#writes.set(name.text, { kind: 'put', collection, key: name.key, value: sealed, sealedWith: key });
  }

  delete(collection: string, path: string): void {
    const name = this.#begin().names.blind(collection, path);
    this.#writes.set(name.text, { kind: 'delete', key: name.key });
  }

  appendAudit(lane: number, record: Uint8Array): void {
    const ring = this.#begin();
    if (record.length > MAX_TRANSACTION_BYTES) this.#isTooLarge = true;
    else this.#audit.push({ lane, payload: sealAudit(record, lane, ring.audit, this.#services.fill) });
  }

  async commit({
    mayUseReserve = false,
  }: {
    readonly mayUseReserve?: boolean;
  } = {}): Promise<Committed | { readonly kind: 'conflict' } | Refused> {
    const ring = this.#begin();
    this.#isOver = true;
    if (this.#isTooLarge) return refuse('too-large');
    if (this.#sawTwoStates) return { kind: 'conflict' };
    const proposed = await this.#stillProposed(ring);
    if (proposed === 'conflict') return { kind: 'conflict' };
    const conditions: Condition[] = [];
    for (const { key, revision } of this.#reads.values()) {
      conditions.push(revision === 0 ? { key, absent: true } : { key, revision });
    }
    const puts: { key: Uint8Array; value: Uint8Array }[] = proposed.map(({ wrap }) => wrap());
    for (const { key } of puts) conditions.push({ key, absent: true });
    const deletes: Uint8Array[] = [];
    for (const written of this.#writes.values()) {
      if (written.kind === 'delete') {
        deletes.push(written.key);
        continue;
      }
      const value = this.#sealedWithNewest(ring, written);
      if (value === undefined) return { kind: 'conflict' };
      puts.push({ key: written.key, value });
    }
    // From the look at the newest keys to here nothing waited: whoever replaces keys waits for what is in flight.
    const committing = this.#services.store.commit({ conditions, puts, deletes, audit: this.#audit, mayUseReserve });
    const { inFlight } = this.#services;
    inFlight.add(committing);
    const answer = await committing.finally(() => inFlight.delete(committing));
    if (answer.kind === 'committed') for (const made of proposed) ring.settle(made);
    if (answer.kind !== 'conflict') return answer;
    if (proposed.length > 0) await this.#services.ring().refresh();
    return { kind: 'conflict' };
  }

  #begin(): KeyRing {
    if (this.#isOver) throw new Error('the transaction is over');
    return this.#services.ring();
  }

  #noteRead(name: BlindedName, revision: number): void {
    const earlier = this.#reads.get(name.text);
    if (earlier === undefined) this.#reads.set(name.text, { key: name.key, revision });
    else if (earlier.revision !== revision) this.#sawTwoStates = true;
  }

  #propose(ring: KeyRing, collection: string): ProposedKey {
    const proposed = this.#proposed.get(collection) ?? ring.propose(collection);
    this.#proposed.set(collection, proposed);
    return proposed;
  }

  /** What was put, under the newest key of its collection; undefined if the key it was sealed with is gone. */
  #sealedWithNewest(ring: KeyRing, put: Put): Uint8Array | undefined {
    const newest = ring.newest(put.collection);
    if (newest === undefined || newest.number <= put.sealedWith.number) return put.value;
    if (put.sealedWith.key.isReleased) return undefined;
    const opened = openRecord(put.value, put.key, put.sealedWith);
    if (opened === undefined) throw new Error('what was sealed a moment ago does not open');
    using content = opened.value;
    return sealRecord({ at: put.key, path: opened.path, content: content.bytes }, newest, this.#services.fill);
  }

  /** The keys that this transaction has to bring into the store itself. */
  async #stillProposed(ring: KeyRing): Promise<readonly ProposedKey[] | 'conflict'> {
    const still: ProposedKey[] = [];
    for (const proposed of this.#proposed.values()) {
      if (ring.newest(proposed.collection)?.key === proposed.key.key) continue;
      // Records without a key: either somebody made both meanwhile, or the key was taken away.
      if (await ring.hasRecords(proposed.collection)) {
        await ring.refresh();
        if (ring.newest(proposed.collection) !== undefined) return 'conflict';
        throw new DamagedRecordError(`collection ${proposed.collection} has records, but its data key is missing`);
      }
      still.push(proposed);
    }
    return still;
  }
}

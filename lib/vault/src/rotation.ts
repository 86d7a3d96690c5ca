// Replaces the root key, the data keys, or both, while everything else goes on; docs/formats/vault.md, "Rotation".
//
// A new root key goes into the header and every slot in the one transaction that begins it, so that no slot ever opens half a
// vault. Then the other keys are wrapped anew, then records are sealed anew with new data keys, a few at a time; each step can be
// done twice. The record of the rotation, with the retiring root key in it, is deleted last: until then a process that opens
// the vault goes on where another was killed.

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import type { Entry, Transaction } from '@chatelaine/store';
import { resealSlot } from './key-slot.ts';
import type { KeySlots } from './key-slots.ts';
import { pause } from './pause.ts';
import { readAllEntries, readEntries, readEntry } from './read-store.ts';
import { resealRecords } from './reseal-records.ts';
import { RootKey } from './root-key.ts';
import { RootKeys } from './root-keys.ts';
import { type RotationPlan, sealRotation } from './rotation-record.ts';
import { keyNumberOf } from './sealed-value.ts';
import { collectionPrefix, headerKey, rotationKey, wrappedKeyKey, wrappedKeyPrefix } from './store-keys.ts';
import {
  type AuditAppend,
  DamagedRecordError,
  type RotationParts,
  type RotationRun,
  type RotationState,
} from './vault.ts';
import { requireHeader, resealHeader, sealAppends, type VaultParts } from './vault-parts.ts';
import { rootKeyIdOf, unwrapKey, wrapKey } from './wrapped-key.ts';

const REFUSED_PAUSE_MS = 1_000;
const KEYS_A_COMMIT = 40;
const DEFAULT_SHARE = 0.2;

const noChange = { conditions: [], puts: [], deletes: [], audit: [] } as const;

export class Rotation {
  readonly #parts: VaultParts;
  readonly #slots: KeySlots;
  readonly #inFlight: ReadonlySet<Promise<unknown>>;
  #plan: RotationPlan | undefined;
  #hasRoot: boolean;
  #done = 0;
  #total = 0;
  #isBeginning = false;

  constructor(parts: VaultParts, slots: KeySlots, inFlight: ReadonlySet<Promise<unknown>>, plan?: RotationPlan) {
    this.#parts = parts;
    this.#slots = slots;
    this.#inFlight = inFlight;
    this.#plan = plan;
    this.#hasRoot = parts.roots.retiring !== undefined;
  }

  get state(): RotationState | undefined {
    if (this.#plan === undefined) return undefined;
    const { startedAtUnixMs, data } = this.#plan;
    const [done, total] = [this.#done, this.#total];
    return { startedAtUnixMs, root: this.#hasRoot, data: data !== undefined, done, total };
  }

  async begin(
    what: RotationParts,
    nowUnixMs: number,
    audit: AuditAppend | undefined,
  ): Promise<Result<Record<string, never>>> {
    if (!what.root && !what.data)
      return refuse('invalid-input', { field: 'data', message: 'there is nothing to rotate' });
    if (this.#plan !== undefined || this.#isBeginning) {
      return refuse('conflict', { message: 'a rotation is under way; wait for its end' });
    }
    this.#isBeginning = true;
    try {
      return await this.#begin(what, nowUnixMs, audit);
    } catch (error) {
      if (!(error instanceof DamagedRecordError)) throw error;
      return refuse('damaged', { message: error.message });
    } finally {
      this.#isBeginning = false;
    }
  }

  async #begin(
    what: RotationParts,
    nowUnixMs: number,
    audit: AuditAppend | undefined,
  ): Promise<Result<Record<string, never>>> {
    const { store, roots, ring, anchor, fill } = this.#parts;
    const header = await requireHeader(store);
    const collections = Object.fromEntries(ring.collections().map(({ id, newest }) => [id, newest + 1]));
    const data = what.data ? { collections, audit: ring.audit.number + 1 } : undefined;
    const plan: RotationPlan = { startedAtUnixMs: nowUnixMs, ...(data !== undefined && { data }) };
    const next = what.root ? RootKey.create(fill) : undefined;
    const after = next === undefined ? roots : new RootKeys(next, roots.current);
    let isBegun = false;
    try {
      const slots = next === undefined ? ok([]) : await this.#resealSlots(next);
      if (slots.kind === 'refused') return slots;
      const committed = await store.commit({
        conditions: [{ key: headerKey, revision: header.revision }],
        puts: [
          { key: headerKey, value: resealHeader(header, { roots: after, fill }) },
          { key: rotationKey, value: sealRotation(plan, after, fill) },
          ...slots.value,
        ],
        deletes: [],
        audit: sealAppends(audit, this.#parts),
      });
      if (committed.kind === 'refused') return committed;
      if (committed.kind === 'conflict') return refuse('conflict', { message: 'the key slots were changed meanwhile' });
      isBegun = true;
      if (next !== undefined) roots.turnTo(next);
      this.#plan = plan;
      this.#hasRoot = what.root;
      [this.#done, this.#total] = [0, 0];
      await anchor.advance({ revision: committed.revision, heads: committed.audit });
      return ok({});
    } finally {
      if (!isBegun) next?.release();
    }
  }

  async #resealSlots(next: RootKey): Promise<Result<{ readonly key: Uint8Array; readonly value: Uint8Array }[]>> {
    const { store, roots, fill } = this.#parts;
    const puts: { key: Uint8Array; value: Uint8Array }[] = [];
    for (const slot of await this.#slots.read()) {
      const at = wrappedKeyKey({ kind: 'recipient', slotId: Buffer.from(slot.id, 'hex') });
      const wrapped = await readEntry(store, at);
      if (wrapped === undefined) {
        return refuse('old-keyslot', { message: `${slot.id} "${slot.box.head.label}" was made by an earlier version` });
      }
      const recipient = unwrapKey(wrapped, roots);
      if (recipient.kind === 'refused') return recipient;
      using key = recipient.value.key;
      const sealed = resealSlot(slot, key.bytes, next, fill);
      if (sealed.kind === 'refused') return sealed;
      puts.push({ key: slot.place.at, value: sealed.value });
    }
    return ok(puts);
  }

  /** Resolves at once if none is under way. */
  async run({ signal, audit, share = DEFAULT_SHARE }: RotationRun): Promise<void> {
    const plan = this.#plan;
    if (plan === undefined) return;
    if (this.#parts.roots.retiring !== undefined) {
      await this.#settleInFlight();
      await this.#parts.anchor.rewrite();
      while (!signal.aborted && !(await this.#rewrapSome(signal)));
    }
    if (plan.data !== undefined && !signal.aborted) await this.#rotateData(plan.data, signal, share);
    if (signal.aborted) return;
    await this.#commit({ ...noChange, deletes: [rotationKey], audit: sealAppends(audit?.(), this.#parts) }, signal);
    if (signal.aborted) return;
    this.#parts.roots.forgetRetiring();
    this.#plan = undefined;
  }

  /** Wraps some keys anew; true if all were. */
  async #rewrapSome(signal: AbortSignal): Promise<boolean> {
    const { store, roots, fill } = this.#parts;
    const old: Entry[] = [];
    for (const entry of await readAllEntries(store, wrappedKeyPrefix)) {
      const id = rootKeyIdOf(entry);
      if (id.kind === 'refused') throw new DamagedRecordError(id.message);
      if (id.value !== roots.current.id) old.push(entry);
    }
    const some = old.slice(0, KEYS_A_COMMIT);
    const puts = some.map((entry) => {
      const opened = unwrapKey(entry, roots);
      if (opened.kind === 'refused') throw new DamagedRecordError(opened.message);
      using _key = opened.value.key;
      return wrapKey(opened.value, roots.current, fill);
    });
    const conditions = some.map(({ key, revision }) => ({ key, revision }));
    // In a conflict one of them was deleted, with its slot: the next look finds the others.
    if (puts.length > 0) await this.#commit({ ...noChange, conditions, puts }, signal);
    return old.length === 0;
  }

  async #rotateData(data: NonNullable<RotationPlan['data']>, signal: AbortSignal, share: number): Promise<void> {
    const { ring } = this.#parts;
    const line = (id: string) => ring.collections().find((known) => known.id === id);
    for (const [id, number] of Object.entries(data.collections)) {
      const known = line(id);
      if (known === undefined) throw new DamagedRecordError(`the data key of collection ${id} is missing`);
      const place = { kind: 'data', collectionId: new Uint8Array(Buffer.from(id, 'hex')), number } as const;
      if (known.newest < number) await this.#bringKey(place, known.collection, signal);
    }
    if (ring.audit.number < data.audit) await this.#bringKey({ kind: 'audit', number: data.audit }, '', signal);
    await this.#settleInFlight();
    const old = Object.entries(data.collections).flatMap(([id, number]) => {
      const known = line(id);
      return known === undefined ? [] : [{ collection: known.collection, id: Buffer.from(id, 'hex'), number }];
    });
    for (const { id, number } of old) await this.#count(id, number, signal, share);
    const onDone = (count: number): void => {
      this.#done += count;
    };
    for (const { collection, id, number } of old) {
      const prefix = collectionPrefix(id);
      await resealRecords(this.#parts, { collection, prefix, number, signal, share, onDone });
    }
    if (signal.aborted) return;
    for (const { collection, id, number } of old) {
      for (const gone of ring.dataKeysBelow(collection, number)) {
        const key = wrappedKeyKey({ kind: 'data', collectionId: id, number: gone });
        await this.#commit({ ...noChange, deletes: [key] }, signal);
        if (signal.aborted) return;
        ring.forget(collection, gone);
      }
    }
  }

  async #bringKey(
    place: Parameters<VaultParts['ring']['makeKey']>[0],
    collection: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { ring } = this.#parts;
    const { entry, opened } = ring.makeKey(place, collection);
    const conditions = [{ key: entry.key, absent: true } as const];
    const isThere = (await this.#commit({ ...noChange, conditions, puts: [entry] }, signal)) === 'committed';
    if (isThere) return ring.adopt(opened);
    opened.key.release();
    if (!signal.aborted) await ring.refresh();
  }

  async #count(id: Uint8Array, number: number, signal: AbortSignal, share: number): Promise<void> {
    let cursor: string | undefined;
    do {
      const startedAt = performance.now();
      const options = cursor === undefined ? { limit: 200 } : { limit: 200, cursor };
      const page = await readEntries(this.#parts.store, collectionPrefix(id), options);
      this.#total += page.entries.filter(({ value }) => keyNumberOf(value) < number).length;
      cursor = page.cursor;
      await pause(((performance.now() - startedAt) * (1 - share)) / share, signal);
    } while (cursor !== undefined && !signal.aborted);
  }

  /** What began before the keys changed has ended when this resolves; what begins later uses the new ones. */
  async #settleInFlight(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  /** Tries until it is committed, a condition does not hold, or `signal` aborts: a full disk is a reason to wait. */
  async #commit(transaction: Transaction, signal: AbortSignal): Promise<'committed' | 'conflict' | 'aborted'> {
    while (!signal.aborted) {
      const outcome = await this.#parts.store.commit(transaction);
      if (outcome.kind === 'committed') {
        await this.#parts.anchor.advance({ revision: outcome.revision, heads: outcome.audit });
        return 'committed';
      }
      if (outcome.kind === 'conflict') return 'conflict';
      mustBePassing(outcome);
      await pause(REFUSED_PAUSE_MS, signal);
    }
    return 'aborted';
  }
}

const mustBePassing = ({ code }: Refused): void => {
  if (code !== 'busy' && code !== 'disk-full') throw new Error(`the store refused a step of the rotation: ${code}`);
};

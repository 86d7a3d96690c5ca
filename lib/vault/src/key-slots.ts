// The key slots of an open vault. Every change writes the header again on the condition that nobody else did, so that two
// changes never overlap.

import { type Ok, ok, type Result, refuse } from '@chatelaine/contract';
import { SecretBytes, type SecretShare, splitSecret } from '@chatelaine/secret';
import type { Entry } from '@chatelaine/store';
import {
  MAX_SLOTS_PER_KIND,
  opensAnywhere,
  readSlot,
  type StoredSlot,
  sealSlot,
  slotIdOf,
  wrapRecipient,
} from './key-slot.ts';
import { readAllEntries, readEntry } from './read-store.ts';
import { KEY_BYTES } from './root-key.ts';
import { formatShare } from './share-text.ts';
import { headerKey, slotKey, slotPrefix, wrappedKeyKey } from './store-keys.ts';
import { type AuditAppend, DamagedRecordError, type KeySlotView, type Sharing, type SlotSecret } from './vault.ts';
import { requireHeader, resealHeader, sealAppends, type VaultParts } from './vault-parts.ts';

interface SlotChange {
  readonly puts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly deletes: readonly Uint8Array[];
}

const recipientKey = (id: string): Uint8Array => wrappedKeyKey({ kind: 'recipient', slotId: Buffer.from(id, 'hex') });

export class KeySlots {
  readonly #parts: VaultParts;

  constructor(parts: VaultParts) {
    this.#parts = parts;
  }

  /** Throws {@link DamagedRecordError} if one cannot be read. */
  async read(): Promise<readonly StoredSlot[]> {
    const entries = await readAllEntries(this.#parts.store, slotPrefix);
    return entries.map((entry) => {
      const slot = readSlot(entry);
      if (slot.kind === 'refused') throw new DamagedRecordError(slot.message);
      return slot.value;
    });
  }

  async add(
    secret: SlotSecret,
    label: string,
    nowUnixMs: number,
    audit: AuditAppend | undefined,
  ): Promise<Result<KeySlotView>> {
    const { store, roots, cost, fill } = this.#parts;
    const header = await requireHeader(store);
    const same = (await this.read()).filter((slot) => slot.box.head.kind === secret.kind);
    if (same.length >= MAX_SLOTS_PER_KIND) return refuse('too-many-keyslots');
    const sealed = await sealSlot({ slot: { ...secret, label }, root: roots.current, nowUnixMs, cost, fill });
    if (sealed.kind === 'refused') return sealed;
    const { slot, recipient, view } = sealed.value;
    const changed = await this.#change(header, { puts: [slot, recipient], deletes: [] }, audit);
    return changed.kind === 'ok' ? ok(view) : changed;
  }

  async addShares(
    sharing: Sharing,
    label: string,
    nowUnixMs: number,
    audit: AuditAppend | undefined,
  ): Promise<Result<{ readonly slot: KeySlotView; readonly texts: readonly SecretBytes[] }>> {
    using secret = SecretBytes.random(KEY_BYTES, this.#parts.fill);
    let shares: readonly SecretShare[];
    try {
      shares = splitSecret(secret.bytes, sharing, this.#parts.fill);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return refuse('invalid-input', { field: 'threshold', message: error.message });
    }
    try {
      const added = await this.add({ kind: 'shares', secret: secret.bytes, sharing }, label, nowUnixMs, audit);
      if (added.kind === 'refused') return added;
      const { id } = this.#parts.store;
      const texts = shares.map((share) => {
        const { threshold } = sharing;
        const whole = { ...share, storeId: id.slice(0, 16), slotId: added.value.id, threshold };
        return formatShare(whole, id, sharing.shares);
      });
      return ok({ slot: added.value, texts });
    } finally {
      for (const { value } of shares) value.release();
    }
  }

  async remove(id: string, audit: AuditAppend | undefined): Promise<Result<Record<string, never>>> {
    const { store } = this.#parts;
    const header = await requireHeader(store);
    const entries = await readAllEntries(store, slotPrefix);
    const removed = entries.find(({ key }) => slotIdOf(key) === id);
    if (removed === undefined) return refuse('not-found');
    const others = entries.filter((entry) => entry !== removed).map(readSlot);
    const opening = others.filter((slot) => slot.kind === 'ok' && opensAnywhere(slot.value.box.head.kind));
    if (opening.length === 0) return refuse('last-keyslot');
    return await this.#change(header, { puts: [], deletes: [removed.key, recipientKey(id)] }, audit);
  }

  /** Lets a slot that an earlier version made follow when the root key changes. Its secret was just used. */
  async keepRecipient(id: string, recipient: Uint8Array): Promise<void> {
    const { store, roots, fill } = this.#parts;
    if ((await readEntry(store, recipientKey(id))) !== undefined) return;
    const header = await requireHeader(store);
    if ((await readEntry(store, slotKey(Buffer.from(id, 'hex')))) === undefined) return;
    const put = wrapRecipient(Buffer.from(id, 'hex'), recipient, roots.current, fill);
    // Whatever refuses it now does not the next time.
    await this.#change(header, { puts: [put], deletes: [] }, undefined);
  }

  async #change(
    header: Entry,
    change: SlotChange,
    audit: AuditAppend | undefined,
  ): Promise<Ok<Record<string, never>> | ReturnType<typeof refuse>> {
    const { store, anchor } = this.#parts;
    const committed = await store.commit({
      conditions: [{ key: headerKey, revision: header.revision }],
      puts: [{ key: headerKey, value: resealHeader(header, this.#parts) }, ...change.puts],
      deletes: change.deletes,
      audit: sealAppends(audit, this.#parts),
    });
    if (committed.kind === 'refused') return committed;
    if (committed.kind === 'conflict') return refuse('conflict', { message: 'the key slots were changed meanwhile' });
    await anchor.advance({ revision: committed.revision, heads: committed.audit });
    return ok({});
  }
}

// An open vault. Its keys lie in locked memory until it is closed; the store stays the caller's.

import { ok, type Result, refuse } from '@chatelaine/contract';
import type { FillRandom, PassPhraseCost } from '@chatelaine/secret';
import type { AuditEntry, AuditHead, Entry, Store } from '@chatelaine/store';
import type { AnchorFile } from './anchor-file.ts';
import type { KeyRing } from './key-ring.ts';
import { MAX_SLOTS_PER_KIND, readSlot, type StoredSlot, sealSlot, slotIdOf, viewSlot } from './key-slot.ts';
import { openStoredRecord } from './open-stored-record.ts';
import { readAllEntries, readEntries, readEntry } from './read-store.ts';
import type { RootKey } from './root-key.ts';
import { VaultTransaction } from './sealed-transaction.ts';
import { keyNumberOf, openAudit, sealAudit } from './sealed-value.ts';
import { headerKey, slotPrefix } from './store-keys.ts';
import {
  type AuditAppend,
  DamagedRecordError,
  type KeySlotView,
  type OpenedBytes,
  type OpenedRecord,
  type SealedTransaction,
  type SlotSecret,
  type Vault,
} from './vault.ts';

/** Everything an open vault stands on. It takes over the root key and the keys. */
export interface OpenVaultParts {
  readonly store: Store;
  readonly root: RootKey;
  readonly ring: KeyRing;
  readonly anchor: AnchorFile;
  readonly cost: PassPhraseCost;
  readonly fill: FillRandom;
}

export class OpenVault implements Vault {
  readonly rootKeyId: string;
  readonly #parts: OpenVaultParts;
  readonly #services: ConstructorParameters<typeof VaultTransaction>[0];
  #isClosed = false;

  constructor(parts: OpenVaultParts) {
    this.#parts = parts;
    this.rootKeyId = parts.root.id;
    this.#services = { store: parts.store, fill: parts.fill, ring: () => this.#ring };
  }

  get #ring(): KeyRing {
    if (this.#isClosed) throw new Error('the vault is closed');
    return this.#parts.ring;
  }

  begin(): SealedTransaction {
    return new VaultTransaction(this.#services);
  }

  async list(
    collection: string,
    prefix: string,
    options: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly records: readonly OpenedRecord[]; readonly cursor?: string }> {
    const page = await readEntries(this.#parts.store, this.#ring.names.prefix(collection, prefix), options);
    const records: OpenedRecord[] = [];
    try {
      for (const entry of page.entries) records.push(await openStoredRecord(this.#ring, collection, entry));
    } catch (error) {
      for (const record of records) record.value.release();
      throw error;
    }
    return page.cursor === undefined ? { records } : { records, cursor: page.cursor };
  }

  openAudit({ lane, sequence, payload }: AuditEntry): OpenedBytes {
    const key = this.#ring.auditKey(keyNumberOf(payload));
    const opened = key && openAudit(payload, lane, key);
    if (opened === undefined) throw new DamagedRecordError(`audit record ${sequence} of lane ${lane} does not open`);
    return opened;
  }

  async slots(): Promise<readonly KeySlotView[]> {
    return (await this.#readSlots()).map(viewSlot);
  }

  async addSlot(
    secret: SlotSecret,
    label: string,
    nowUnixMs: number,
    audit?: AuditAppend,
  ): Promise<Result<KeySlotView>> {
    const { root, cost, fill } = this.#parts;
    const header = await this.#readHeader();
    const same = (await this.#readSlots()).filter((slot) => slot.box.head.kind === secret.kind);
    if (same.length >= MAX_SLOTS_PER_KIND) return refuse('too-many-keyslots');
    const sealed = await sealSlot({ slot: { ...secret, label }, root, nowUnixMs, cost, fill });
    if (sealed.kind === 'refused') return sealed;
    const { key, value, view } = sealed.value;
    const changed = await this.#changeSlots(header, { puts: [{ key, value }], deletes: [] }, audit);
    return changed.kind === 'ok' ? ok(view) : changed;
  }

  async removeSlot(id: string, audit?: AuditAppend): Promise<Result<Record<string, never>>> {
    const header = await this.#readHeader();
    const entries = await readAllEntries(this.#parts.store, slotPrefix);
    const removed = entries.find(({ key }) => slotIdOf(key) === id);
    if (removed === undefined) return refuse('not-found');
    const others = entries.filter((entry) => entry !== removed && readSlot(entry).kind === 'ok');
    if (others.length === 0) return refuse('last-keyslot');
    return this.#changeSlots(header, { puts: [], deletes: [removed.key] }, audit);
  }

  advanceAnchor(committed: { readonly revision: number; readonly audit: readonly AuditHead[] }): Promise<void> {
    return this.#parts.anchor.advance({ revision: committed.revision, heads: committed.audit });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#parts.anchor.flush();
    this.#parts.ring.release();
    this.#parts.root.release();
  }

  async #readHeader(): Promise<Entry> {
    const header = await readEntry(this.#parts.store, headerKey);
    if (header === undefined) throw new DamagedRecordError('the header of the vault is missing');
    return header;
  }

  async #readSlots(): Promise<readonly StoredSlot[]> {
    const entries = await readAllEntries(this.#parts.store, slotPrefix);
    return entries.map((entry) => {
      const slot = readSlot(entry);
      if (slot.kind === 'refused') throw new DamagedRecordError(slot.message);
      return slot.value;
    });
  }

  /** Every change writes the header again on the condition that nobody else did, so that two never overlap. */
  async #changeSlots(
    header: Entry,
    change: {
      readonly puts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
      readonly deletes: readonly Uint8Array[];
    },
    audit: AuditAppend | undefined,
  ): Promise<Result<Record<string, never>>> {
    const { store, fill } = this.#parts;
    const appends = audit === undefined ? [] : [audit];
    const ring = this.#ring;
    const committed = await store.commit({
      conditions: [{ key: headerKey, revision: header.revision }],
      puts: [{ key: headerKey, value: header.value }, ...change.puts],
      deletes: change.deletes,
      audit: appends.map(({ lane, record }) => ({ lane, payload: sealAudit(record, lane, ring.audit, fill) })),
    });
    if (committed.kind === 'refused') return committed;
    if (committed.kind === 'conflict') return refuse('conflict', { message: 'the key slots were changed meanwhile' });
    await this.advanceAnchor(committed);
    return ok({});
  }
}

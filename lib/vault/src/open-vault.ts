// An open vault. Its keys lie in locked memory until it is closed; the store stays the caller's.

import type { Result } from '@chatelaine/contract';
import type { AuditEntry, AuditHead, Store } from '@chatelaine/store';
import type { KeyRing } from './key-ring.ts';
import { viewSlot } from './key-slot.ts';
import { KeySlots } from './key-slots.ts';
import { listContents } from './list-of-contents.ts';
import { openStoredRecord } from './open-stored-record.ts';
import { readEntries } from './read-store.ts';
import { Rotation } from './rotation.ts';
import type { RotationPlan } from './rotation-record.ts';
import { VaultTransaction } from './sealed-transaction.ts';
import { keyNumberOf, openAudit } from './sealed-value.ts';
import {
  type AuditAppend,
  DamagedRecordError,
  type KeySlotView,
  type OpenedBytes,
  type OpenedRecord,
  type RotationParts,
  type RotationRun,
  type RotationState,
  type SealedTransaction,
  type Sharing,
  type SlotSecret,
  type Vault,
} from './vault.ts';
import { type Epoch, readStoredHeader } from './vault-header.ts';
import type { VaultParts } from './vault-parts.ts';

export class OpenVault implements Vault {
  readonly #parts: VaultParts;
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #services: ConstructorParameters<typeof VaultTransaction>[0];
  readonly #slots: KeySlots;
  readonly #rotation: Rotation;
  #isClosed = false;

  /** @param plan of a rotation that an earlier process began */
  constructor(parts: VaultParts, plan?: RotationPlan) {
    this.#parts = parts;
    const { store, fill } = parts;
    this.#services = { store, fill, ring: () => this.#ring, inFlight: this.#inFlight };
    this.#slots = new KeySlots(parts);
    this.#rotation = new Rotation(parts, this.#slots, this.#inFlight, plan);
  }

  get rootKeyId(): string {
    return this.#parts.roots.current.id;
  }

  get epoch(): Epoch {
    return this.#parts.epoch;
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
    return (await this.#slots.read()).map(viewSlot);
  }

  addSlot(secret: SlotSecret, label: string, nowUnixMs: number, audit?: AuditAppend): Promise<Result<KeySlotView>> {
    return this.#slots.add(secret, label, nowUnixMs, audit);
  }

  addSharesSlot(sharing: Sharing, label: string, nowUnixMs: number, audit?: AuditAppend) {
    return this.#slots.addShares(sharing, label, nowUnixMs, audit);
  }

  removeSlot(id: string, audit?: AuditAppend): Promise<Result<Record<string, never>>> {
    return this.#slots.remove(id, audit);
  }

  /** Of the slot that opened it. */
  keepRecipient(slotId: string, recipient: Uint8Array): Promise<void> {
    return this.#slots.keepRecipient(slotId, recipient);
  }

  get rotation(): RotationState | undefined {
    return this.#rotation.state;
  }

  beginRotation(parts: RotationParts, nowUnixMs: number, audit?: AuditAppend): Promise<Result<Record<string, never>>> {
    return this.#rotation.begin(parts, nowUnixMs, audit);
  }

  continueRotation(run: RotationRun): Promise<void> {
    return this.#rotation.run(run);
  }

  async listContents(copy: Store): Promise<void> {
    const header = await readStoredHeader(copy);
    if (header.kind === 'refused') throw new DamagedRecordError(`the copy is none of this vault: ${header.code}`);
    await listContents(copy, header.value.box.head.rootKeyId, this.#parts);
  }

  advanceAnchor(committed: { readonly revision: number; readonly audit: readonly AuditHead[] }): Promise<void> {
    return this.#parts.anchor.advance({ revision: committed.revision, heads: committed.audit });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#parts.anchor.flush();
    this.#parts.ring.release();
    this.#parts.roots.release();
  }
}

// A vault without its anchor: a backup, opened to be checked, or to be used again in a new epoch. Checking opens everything
// there is, so that what is restored is known to open.

import { ok, type Result, refuse } from '@chatelaine/contract';
import { type FillRandom, fillRandom } from '@chatelaine/secret';
import type { AuditEntry, Entry, Store } from '@chatelaine/store';
import type { AnchoredState } from './anchor.ts';
import { AnchorFile } from './anchor-file.ts';
import { KeyRing } from './key-ring.ts';
import { checkContents } from './list-of-contents.ts';
import { openStoredRecord } from './open-stored-record.ts';
import { readEntries, readEntry } from './read-store.ts';
import type { RootKeys } from './root-keys.ts';
import { keyNumberOf, openAudit } from './sealed-value.ts';
import { collectionIdOf, contentsKey, headerKey, recordPrefix } from './store-keys.ts';
import { openRoots, readSealed, refusalOf } from './unseal-vault.ts';
import { type AuditAppend, DamagedRecordError, type OpenedBytes, type SlotSecret } from './vault.ts';
import { type Epoch, parseHeader, sealHeader, type VaultHeaderHead } from './vault-header.ts';
import { sealAppends } from './vault-parts.ts';
import { verifyAuditChain } from './verify-audit-chain.ts';

const PAGE = 500;

/** What was found to open. */
export interface BackupContents {
  /** Records by collection, by name. */
  readonly records: Readonly<Record<string, number>>;
  readonly auditRecords: number;
  /** Whether the backup vouches that nothing was taken out of it; otherwise it has no list of contents. */
  readonly isListed: boolean;
  /** Of the store that it was made of. */
  readonly revision: number;
}

/** How far a check is. */
export type CheckProgress = (opened: { readonly records: number; readonly auditRecords: number }) => void;

export class DetachedVault {
  readonly header: VaultHeaderHead;
  /** The slot that opened it. */
  readonly slotId: string;
  readonly #store: Store;
  readonly #roots: RootKeys;
  readonly #ring: KeyRing;
  readonly #fill: FillRandom;

  constructor(
    store: Store,
    opened: {
      readonly header: VaultHeaderHead;
      readonly slotId: string;
      readonly roots: RootKeys;
      readonly ring: KeyRing;
    },
    fill: FillRandom,
  ) {
    this.#store = store;
    this.header = opened.header;
    this.slotId = opened.slotId;
    this.#roots = opened.roots;
    this.#ring = opened.ring;
    this.#fill = fill;
  }

  /** Opens every record and every audit record, checks the audit chain, and compares all of it with the list of contents. Refusals: `damaged`, `unsupported-format`, `busy`. */
  async check(onProgress: CheckProgress = () => undefined): Promise<Result<BackupContents>> {
    try {
      const records = await this.#openRecords((count) => onProgress({ records: count, auditRecords: 0 }));
      const sum = Object.values(records).reduce((total, count) => total + count, 0);
      const chain = await this.#checkChain();
      if (chain.kind === 'refused') return chain;
      const auditRecords = await this.#openAudits((count) => onProgress({ records: sum, auditRecords: count }));
      // Last, so that what is damaged is named before the sum of all is said to be wrong.
      const listed = await checkContents(this.#store, this.#roots);
      if (listed.kind === 'refused') return listed;
      const revision = listed.value?.revision ?? (await this.#store.revision());
      return ok({ records, auditRecords, isListed: listed.value !== undefined, revision });
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** One record of the vault; undefined if there is none. The caller releases. Throws {@link DamagedRecordError}. */
  async get(collection: string, path: string): Promise<OpenedBytes | undefined> {
    const { key } = this.#ring.names.blind(collection, path);
    const entry = await readEntry(this.#store, key);
    return entry && (await openStoredRecord(this.#ring, collection, entry, path)).value;
  }

  /** The newest audit record of each lane. The caller releases. Throws {@link DamagedRecordError}. */
  async newestAudit(): Promise<readonly OpenedBytes[]> {
    const newest: OpenedBytes[] = [];
    for (const { lane, sequence } of await this.#store.auditHeads()) {
      const [entry] = await this.#store.audit(lane, { from: sequence, limit: 1 });
      if (entry !== undefined) newest.push(this.#openAudit(entry));
    }
    return newest;
  }

  /** Begins the next epoch, with its audit record; durable in the store when it resolves. Refusals: `disk-full`, `busy`. */
  async beginEpoch(startedAtUnixMs: number, audit: AuditAppend): Promise<Result<Epoch>> {
    const entry = await readEntry(this.#store, headerKey);
    const box = parseHeader(entry?.value ?? new Uint8Array(0));
    if (entry === undefined || box.kind === 'refused')
      throw new DamagedRecordError('the header of the vault is missing');
    const epoch = { number: box.value.head.epoch.number + 1, startedAtUnixMs };
    const value = sealHeader({ ...box.value.head, epoch }, this.#roots.current, this.#fill);
    const committed = await this.#store.commit({
      conditions: [{ key: headerKey, revision: entry.revision }],
      puts: [{ key: headerKey, value }],
      // What the backup held is no longer all there is.
      deletes: [contentsKey],
      audit: sealAppends(audit, { ring: this.#ring, fill: this.#fill }),
    });
    if (committed.kind === 'conflict') return refuse('conflict');
    return committed.kind === 'committed' ? ok(epoch) : committed;
  }

  /** Writes the anchor of a store in this state, in place of any; durable when it resolves. The store may be closed. */
  async writeAnchor(path: string, storeId: string, state: AnchoredState): Promise<void> {
    const durable = { revision: -1, heads: [] };
    const anchor = new AnchorFile({ path, storeId, roots: this.#roots, fill: this.#fill, durable });
    await anchor.advance(state);
  }

  /** Wipes the keys; the store stays the caller's. */
  close(): void {
    this.#ring.release();
    this.#roots.release();
  }

  async #openRecords(onProgress: (count: number) => void): Promise<Record<string, number>> {
    const names = new Map(this.#ring.collections().map(({ id, collection }) => [id, collection]));
    const counts: Record<string, number> = Object.fromEntries([...names.values()].map((name) => [name, 0]));
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await readEntries(
        this.#store,
        recordPrefix,
        cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor },
      );
      for (const entry of page.entries) {
        const id = collectionIdOf(entry.key);
        const collection = id && names.get(Buffer.from(id).toString('hex'));
        if (collection === undefined) throw new DamagedRecordError(`${where(entry)} belongs to no collection`);
        await this.#openRecord(collection, entry);
        counts[collection] = (counts[collection] ?? 0) + 1;
      }
      count += page.entries.length;
      onProgress(count);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return counts;
  }

  async #openRecord(collection: string, entry: Entry): Promise<void> {
    const { path, value } = await openStoredRecord(this.#ring, collection, entry);
    value.release();
    if (Buffer.compare(this.#ring.names.prefix(collection, path), entry.key) !== 0) {
      throw new DamagedRecordError(`${where(entry)} of collection ${collection} lies under another name`);
    }
  }

  async #checkChain(): Promise<Result<undefined>> {
    for await (const check of verifyAuditChain(this.#store)) {
      if (check.kind !== 'broken') continue;
      return refuse('damaged', { message: `audit record ${check.sequence} (${check.fault}): ${check.explanation}` });
    }
    return ok(undefined);
  }

  async #openAudits(onProgress: (count: number) => void): Promise<number> {
    let count = 0;
    for (const { lane, sequence: last } of await this.#store.auditHeads()) {
      for (let from = 1; from <= last; ) {
        const entries = await this.#store.audit(lane, { from, limit: PAGE });
        for (const entry of entries) this.#openAudit(entry).release();
        from = (entries.at(-1)?.sequence ?? last) + 1;
        count += entries.length;
        onProgress(count);
      }
    }
    return count;
  }

  #openAudit({ lane, sequence, payload }: AuditEntry): OpenedBytes {
    const key = this.#ring.auditKey(keyNumberOf(payload));
    const opened = key && openAudit(payload, lane, key);
    if (opened === undefined) throw new DamagedRecordError(`audit record ${sequence} of lane ${lane} does not open`);
    return opened;
  }
}

const where = ({ key }: Entry): string => `record ${Buffer.from(key).toString('hex')}`;

/**
 * Opens the vault in `store`, a backup, with the secret of one slot; its anchor is not asked for. The caller closes it. Refusals:
 * `wrong-key`, `damaged`, `unsupported-format`, `busy`, and `not-found` for a store without a vault.
 */
export const openDetached = async (
  store: Store,
  secret: SlotSecret,
  fill: FillRandom = fillRandom,
): Promise<Result<DetachedVault>> => {
  try {
    const sealed = await readSealed(store);
    if (sealed.kind === 'refused') return sealed;
    const opened = await openRoots(store, sealed.value, secret);
    if (opened.kind === 'refused') return opened;
    const { roots, slotId } = opened.value;
    const ring = await KeyRing.open(store, roots, fill);
    if (ring.kind === 'ok') {
      const { head } = sealed.value.header.box;
      return ok(new DetachedVault(store, { header: head, slotId, roots, ring: ring.value }, fill));
    }
    roots.release();
    return ring;
  } catch (error) {
    return refusalOf(error);
  }
};

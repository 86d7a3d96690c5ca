// A store in memory for the vault's own tests: the same answers as any store, and a back door through which a test does what an
// attacker with the disk could do.

import { type Refused, refuse } from '@chatelaine/contract';
import {
  type AuditEntry,
  type AuditHead,
  auditHash,
  type Committed,
  type Conflict,
  type Entry,
  firstAuditHash,
  MAX_KEY_BYTES,
  MAX_OPERATIONS,
  MAX_TRANSACTION_BYTES,
  type Page,
  type Store,
  type Transaction,
} from '@chatelaine/store';

const textOf = (key: Uint8Array): string => Buffer.from(key).toString('hex');
const exactCopy = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

/** All that such a store holds; keys in hex. */
export interface MemoryState {
  id: string;
  revision: number;
  entries: Map<string, Entry>;
  lanes: Map<number, AuditEntry[]>;
  heads: Map<number, AuditHead>;
}

export class MemoryStore implements Store {
  /** Changed at will by tests. */
  state: MemoryState;

  constructor(id = '00112233445566778899aabbccddeeff') {
    this.state = { id, revision: 0, entries: new Map(), lanes: new Map(), heads: new Map() };
  }

  get id(): string {
    return this.state.id;
  }

  /** A copy of everything, to be put back later. */
  copy(): MemoryState {
    const lanes = new Map([...this.state.lanes].map(([lane, records]) => [lane, [...records]]));
    return { ...this.state, entries: new Map(this.state.entries), lanes, heads: new Map(this.state.heads) };
  }

  async revision(): Promise<number> {
    return this.state.revision;
  }

  async get(key: Uint8Array): Promise<Entry | undefined> {
    return this.state.entries.get(textOf(key));
  }

  async list(prefix: Uint8Array, options: { readonly limit: number; readonly cursor?: string }): Promise<Page> {
    const { limit, cursor = '' } = options;
    const keys = [...this.state.entries.keys()].filter((key) => key.startsWith(textOf(prefix)) && key > cursor).sort();
    const entries = keys.slice(0, limit).flatMap((key) => this.state.entries.get(key) ?? []);
    const last = keys[limit - 1];
    const { revision } = this.state;
    return keys.length > limit && last !== undefined ? { entries, revision, cursor: last } : { entries, revision };
  }

  async commit(transaction: Transaction): Promise<Committed | Conflict | Refused> {
    const { conditions, puts, deletes, audit } = transaction;
    const operations = conditions.length + puts.length + deletes.length + audit.length;
    if (operations === 0) throw new RangeError('a transaction has at least one operation');
    const keys = [...conditions.map(({ key }) => key), ...puts.map(({ key }) => key), ...deletes];
    const written = keys.slice(conditions.length).map(textOf);
    if (new Set(written).size !== written.length) throw new RangeError('a key appears once among puts and deletes');
    const values = [...puts.map(({ value }) => value), ...audit.map(({ payload }) => payload)];
    const bytes = [...keys, ...values].reduce((sum, part) => sum + part.length, 0);
    const hasLongKey = keys.some((key) => key.length > MAX_KEY_BYTES);
    if (operations > MAX_OPERATIONS || bytes > MAX_TRANSACTION_BYTES || hasLongKey) return refuse('too-large');
    for (const condition of conditions) {
      const present = this.state.entries.get(textOf(condition.key))?.revision;
      if (present !== ('revision' in condition ? condition.revision : undefined)) {
        return { kind: 'conflict', key: condition.key };
      }
    }
    if (operations === conditions.length) return { kind: 'committed', revision: this.state.revision, audit: [] };
    const revision = ++this.state.revision;
    for (const key of deletes) this.state.entries.delete(textOf(key));
    for (const { key, value } of puts) {
      this.state.entries.set(textOf(key), { key: exactCopy(key), value: exactCopy(value), revision });
    }
    return { kind: 'committed', revision, audit: audit.map(({ lane, payload }) => this.#append(lane, payload)) };
  }

  #append(lane: number, payload: Uint8Array): AuditHead {
    const head = this.state.heads.get(lane) ?? { lane, sequence: 0, hash: firstAuditHash };
    const sequence = head.sequence + 1;
    const entry = { lane, sequence, hash: auditHash({ lane, sequence, previous: head.hash, payload }), payload };
    const records = this.state.lanes.get(lane) ?? [];
    records.push({ ...entry, payload: exactCopy(payload) });
    this.state.lanes.set(lane, records);
    const { hash } = entry;
    this.state.heads.set(lane, { lane, sequence, hash });
    return { lane, sequence, hash };
  }

  async audit(
    lane: number,
    options: { readonly from: number; readonly limit: number },
  ): Promise<readonly AuditEntry[]> {
    const records = this.state.lanes.get(lane) ?? [];
    return records
      .filter(({ sequence }) => sequence >= options.from)
      .sort((a, b) => a.sequence - b.sequence)
      .slice(0, options.limit);
  }

  async auditHeads(): Promise<readonly AuditHead[]> {
    return [...this.state.heads.values()].sort((a, b) => a.lane - b.lane);
  }

  // biome-ignore lint/correctness/useYield: the vault watches nothing
  async *watch(): AsyncGenerator<never> {
    throw new Error('this store does not watch');
  }

  async lease(): Promise<undefined> {
    throw new Error('this store lends nothing');
  }

  async backup(): Promise<never> {
    throw new Error('this store has no file');
  }

  async close(): Promise<void> {}
}

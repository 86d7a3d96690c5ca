// What changed lately, in memory: bounded in bytes, never growing with the number of records. It answers watches, and undoes
// changes so that a reader can look at a moment that is just past. What was pushed out is answered with `compacted`.

import { copyOf, hasPrefix, isInRange, type KeyRange } from './key-range.ts';
import type { Before } from './outcome-wire.ts';
import type { Change, Entry } from './store.ts';

/** One key in one commit. */
export interface RecentChange {
  readonly key: Uint8Array;
  /** Absent: deleted. */
  readonly value?: Uint8Array;
  readonly before: Before;
}

interface RecentCommit {
  readonly revision: number;
  readonly changes: readonly RecentChange[];
  readonly bytes: number;
}

/** Of the objects around a change, roughly. */
const CHANGE_OVERHEAD_BYTES = 400;

const changeOf = ({ key, value }: RecentChange, revision: number): Change =>
  value === undefined
    ? { kind: 'delete', key: copyOf(key), revision }
    : { kind: 'put', entry: { key: copyOf(key), value: copyOf(value), revision } };

/** Key as a string of one character a byte, for maps. */
export const nameOfKey = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');

export class RecentChanges {
  readonly #maxBytes: number;
  #commits: RecentCommit[] = [];
  #first = 0;
  #bytes = 0;
  #floor: number;
  #newest: number;
  readonly #waiting = new Set<() => void>();

  /** Knows everything after `revision`, which is that of the store when it was opened. */
  constructor(revision: number, maxBytes: number) {
    this.#floor = revision;
    this.#newest = revision;
    this.#maxBytes = maxBytes;
  }

  /** Every change after this revision is known. */
  get floor(): number {
    return this.#floor;
  }

  /** Revision of the newest commit that is known here. */
  get newest(): number {
    return this.#newest;
  }

  /** Notes a commit. `heldBytes` is the size of the memory that the keys and values are views of. */
  add(revision: number, changes: readonly RecentChange[], heldBytes: number): void {
    let bytes = heldBytes + CHANGE_OVERHEAD_BYTES;
    for (const { before } of changes) bytes += (before?.value.length ?? 0) + CHANGE_OVERHEAD_BYTES;
    this.#commits.push({ revision, changes, bytes });
    this.#bytes += bytes;
    this.#newest = revision;
    while (this.#bytes > this.#maxBytes) this.#forgetFirst();
    if (this.#first > 1_000 && this.#first > this.#commits.length / 2) {
      this.#commits = this.#commits.slice(this.#first);
      this.#first = 0;
    }
    this.wake();
  }

  #forgetFirst(): void {
    const oldest = this.#commits[this.#first];
    if (oldest === undefined) return;
    this.#commits[this.#first] = { revision: oldest.revision, changes: [], bytes: 0 };
    this.#first += 1;
    this.#bytes -= oldest.bytes;
    this.#floor = oldest.revision;
  }

  /** Index of the first commit after `revision`. */
  #indexAfter(revision: number): number {
    let low = this.#first;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#commits[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The changes of the first commit after `revision` that has any under `prefix`; `seen` is how far it looked. */
  nextAfter(revision: number, prefix: Uint8Array): { readonly changes: readonly Change[]; readonly seen: number } {
    for (let index = this.#indexAfter(revision); index < this.#commits.length; index++) {
      const commit = this.#commits[index];
      if (commit === undefined) break;
      const changes = commit.changes.filter(({ key }) => hasPrefix(key, prefix));
      if (changes.length > 0) {
        return { changes: changes.map((change) => changeOf(change, commit.revision)), seen: commit.revision };
      }
    }
    return { changes: [], seen: this.#newest };
  }

  /**
   * What the keys in `range` that changed after `from` and until `until` held at `from`; by {@link nameOfKey}. Both revisions
   * are known: `floor` ≤ from ≤ until ≤ `newest`.
   */
  undo(range: KeyRange, from: number, until: number): Map<string, Entry | undefined> {
    const held = new Map<string, Entry | undefined>();
    for (let index = this.#indexAfter(from); index < this.#commits.length; index++) {
      const commit = this.#commits[index];
      if (commit === undefined || commit.revision > until) break;
      for (const { key, before } of commit.changes) {
        const name = nameOfKey(key);
        if (!isInRange(key, range) || held.has(name)) continue;
        held.set(name, before && { key: copyOf(key), value: copyOf(before.value), revision: before.revision });
      }
    }
    return held;
  }

  /** Resolves at the next commit, or when woken. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Wakes everybody who waits. */
  wake(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

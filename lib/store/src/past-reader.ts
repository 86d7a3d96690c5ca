// Looks at a moment that is just past: what the file holds now, with the changes since then undone. The file may be a little
// ahead of what this thread was told, so the undoing waits until the changes up to the moment of the reading are known.

import { type KeyRange, keyAfter } from './key-range.ts';
import { nameOfKey, type RecentChanges } from './recent-changes.ts';
import type { RangeRead, RecordReader } from './record-reader.ts';
import type { Compacted, Entry } from './store.ts';
import type { StoreError } from './store-error.ts';

/** Rows read beyond those asked for, in place of some that were written since. */
const SPARE_ROWS = 64;

export class PastReader {
  readonly #reader: RecordReader;
  readonly #recent: RecentChanges;
  readonly #failure: () => StoreError | undefined;

  constructor(reader: RecordReader, recent: RecentChanges, failure: () => StoreError | undefined) {
    this.#reader = reader;
    this.#recent = recent;
    this.#failure = failure;
  }

  /** What `key` held at `revision`. Throws RangeError for the future. */
  async get(key: Uint8Array, revision: number): Promise<Entry | undefined | Compacted> {
    const now = this.#reader.getAt(key);
    const gone = await this.#reach(revision, now.revision);
    if (gone !== undefined) return gone;
    const held = this.#recent.undo({ start: key, end: keyAfter(key) }, revision, now.revision);
    return held.size === 0 ? now.entry : held.get(nameOfKey(key));
  }

  /** What `range` held at `revision`. Throws RangeError for the future. */
  async range(range: KeyRange, limit: number, maxBytes: number, revision: number): Promise<RangeRead | Compacted> {
    for (let start = range.start; ; ) {
      const rest = { start, end: range.end };
      const now = this.#reader.range(rest, limit + SPARE_ROWS, maxBytes);
      const gone = await this.#reach(revision, now.revision);
      if (gone !== undefined) return gone;
      const last = now.entries.at(-1);
      const seen = now.isComplete || last === undefined ? rest : { start, end: keyAfter(last.key) };
      const held = this.#recent.undo(seen, revision, now.revision);
      const entries = now.entries.filter(({ key }) => !held.has(nameOfKey(key)));
      for (const entry of held.values()) if (entry !== undefined) entries.push(entry);
      entries.sort((a, b) => Buffer.compare(a.key, b.key));
      if (now.isComplete || entries.length > 0) {
        const isComplete = now.isComplete && entries.length <= limit;
        return { revision, entries: entries.slice(0, limit), isComplete };
      }
      // Everything seen was written since: nothing of it existed then, so look further.
      start = seen.end;
    }
  }

  /** Waits until the changes up to `present` are known; `compacted` if those after `past` are not. */
  async #reach(past: number, present: number): Promise<Compacted | undefined> {
    if (past > present) throw new RangeError(`revision ${past} is in the future`);
    while (this.#recent.newest < present) {
      const failure = this.#failure();
      if (failure !== undefined) throw failure;
      await this.#recent.next();
    }
    return past < this.#recent.floor ? { kind: 'compacted', revision: this.#recent.floor } : undefined;
  }
}

// The anchor on the disk. Replaced whole: written beside, synced, renamed, and the directory synced, so that a power cut
// leaves the old one or the new one. One write at a time; whatever arrives meanwhile goes into the next.

import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Result, refuse } from '@chatelaine/contract';
import type { FillRandom } from '@chatelaine/secret';
import type { AuditHead } from '@chatelaine/store';
import { type Anchor, type AnchoredState, isAhead, parseAnchor, sealAnchor } from './anchor.ts';
import type { RootKeys } from './root-keys.ts';

/**
 * Reads the anchor at `path`; nothing vouches for it yet. Refusals: `anchor-missing`, `damaged`, `unsupported-format`. Other
 * failures of the disk throw.
 */
export const readAnchor = async (path: string): Promise<Result<Anchor>> => {
  try {
    return parseAnchor(await readFile(path));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return refuse('anchor-missing', { message: `there is no file ${path}` });
  }
};

const replaceFile = async (path: string, bytes: Uint8Array): Promise<void> => {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

const mergeHeads = (known: readonly AuditHead[], more: readonly AuditHead[]): readonly AuditHead[] => {
  if (more.length === 0) return known;
  const byLane = new Map(known.map((head) => [head.lane, head]));
  for (const head of more) {
    if (head.sequence > (byLane.get(head.lane)?.sequence ?? 0)) byLane.set(head.lane, head);
  }
  return [...byLane.values()].sort((a, b) => a.lane - b.lane);
};

/** The anchor of one open vault. The root keys stay the caller's and must live until {@link flush} has resolved. */
export class AnchorFile {
  readonly #path: string;
  readonly #storeId: string;
  readonly #roots: RootKeys;
  readonly #fill: FillRandom;
  #durable: AnchoredState;
  #known: AnchoredState;
  #writing: AnchoredState | undefined;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** `durable` is what the file says now. */
  constructor(options: {
    readonly path: string;
    readonly storeId: string;
    readonly roots: RootKeys;
    readonly fill: FillRandom;
    readonly durable: AnchoredState;
  }) {
    this.#path = options.path;
    this.#storeId = options.storeId;
    this.#roots = options.roots;
    this.#fill = options.fill;
    this.#durable = options.durable;
    this.#known = options.durable;
  }

  /** Resolves when the file durably knows `state` or more. Rejects if it cannot be written; the next call tries again. */
  advance(state: AnchoredState): Promise<void> {
    if (!isAhead(state, this.#durable)) return Promise.resolve();
    if (this.#writing !== undefined && !isAhead(state, this.#writing)) return this.#current;
    const revision = Math.max(this.#known.revision, state.revision);
    this.#known = { revision, heads: mergeHeads(this.#known.heads, state.heads) };
    return this.#schedule();
  }

  /** Writes what is known once more, under the root key of now; durable when it resolves. */
  rewrite(): Promise<void> {
    return this.#schedule();
  }

  /** Waits for writes under way, whether or not they succeed. */
  async flush(): Promise<void> {
    await (this.#next ?? this.#current).catch(() => undefined);
  }

  #schedule(): Promise<void> {
    this.#next ??= this.#current.then(
      () => this.#startNext(),
      () => this.#startNext(),
    );
    return this.#next;
  }

  #startNext(): Promise<void> {
    this.#next = undefined;
    this.#current = this.#write();
    return this.#current;
  }

  async #write(): Promise<void> {
    const state = this.#known;
    this.#writing = state;
    try {
      await replaceFile(this.#path, sealAnchor({ ...state, storeId: this.#storeId }, this.#roots.current, this.#fill));
      this.#durable = state;
    } finally {
      this.#writing = undefined;
    }
  }
}

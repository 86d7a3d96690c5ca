// What a backup holds, written into the backup itself and sealed: each record proves that it is genuine, only this proves that
// none was taken out, nor the end of the audit. docs/formats/vault.md, "List of contents".

import { createHash } from 'node:crypto';
import { ok, type Result, refuse } from '@chatelaine/contract';
import type { FillRandom } from '@chatelaine/secret';
import type { Store } from '@chatelaine/store';
import * as z from 'zod';
import { type BoxPlace, openBox, readBox, sealBox } from './box.ts';
import { readEntries, readEntry } from './read-store.ts';
import type { RootKeys } from './root-keys.ts';
import { contentsKey } from './store-keys.ts';
import { rootKeyIdSchema } from './vault-header.ts';

const PAGE = 500;

const schema = z.strictObject({
  rootKeyId: rootKeyIdSchema,
  /** Of the store before this list was written into its copy. */
  revision: z.number().int().min(0),
  entries: z.number().int().min(0),
  /** SHA-256, in hex. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});

type Contents = Pick<z.infer<typeof schema>, 'entries' | 'digest'>;

/** The list as it was found to be genuine and right. */
export interface VouchedContents {
  /** Of the store that the backup was made of. */
  readonly revision: number;
}

const place: BoxPlace = { domain: 'contents', at: contentsKey };

const lengthOf = (bytes: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
};

/** Counts and hashes everything but the list itself. */
const readContents = async (store: Store): Promise<Contents> => {
  const hash = createHash('sha256');
  let entries = 0;
  let cursor: string | undefined;
  do {
    const page = await readEntries(
      store,
      new Uint8Array(0),
      cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor },
    );
    for (const { key, value } of page.entries) {
      if (Buffer.compare(key, contentsKey) === 0) continue;
      for (const part of [key, value]) hash.update(lengthOf(part)).update(part);
      entries++;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  for (const { lane, sequence, hash: newest } of await store.auditHeads()) {
    hash.update(`${lane} ${sequence} `, 'ascii').update(newest);
  }
  return { entries, digest: hash.digest('hex') };
};

/**
 * Writes the list into `copy`, a closed-off copy of a store. Nothing is written if none of `roots` is that of the copy: a
 * rotation that began and ended meanwhile took it away. Throws StoreError.
 *
 * @param rootKeyId the one that the header of the copy names
 */
export const listContents = async (
  copy: Store,
  rootKeyId: string,
  { roots, fill }: { readonly roots: RootKeys; readonly fill: FillRandom },
): Promise<void> => {
  const root = roots.find(rootKeyId);
  if (root === undefined) return;
  const head = { rootKeyId, revision: await copy.revision(), ...(await readContents(copy)) };
  const value = sealBox({ place, head, content: new Uint8Array(0), key: root.contents.bytes, fill });
  const committed = await copy.commit({ conditions: [], puts: [{ key: contentsKey, value }], deletes: [], audit: [] });
  if (committed.kind !== 'committed') throw new Error(`the list of contents could not be written: ${committed.kind}`);
};

/**
 * Compares a backup with its list. Undefined if it has none, or one that a root key made that it does not know. Refusals:
 * `damaged`, `unsupported-format`.
 */
export const checkContents = async (store: Store, roots: RootKeys): Promise<Result<VouchedContents | undefined>> => {
  const entry = await readEntry(store, contentsKey);
  if (entry === undefined) return ok(undefined);
  const box = readBox(entry.value, [schema], 'the list of contents');
  if (box.kind === 'refused') return box;
  const { head } = box.value;
  const root = roots.find(head.rootKeyId);
  if (root === undefined) return ok(undefined);
  using content = openBox(box.value, place, root.contents.bytes);
  if (content === undefined) return refuse('damaged', { message: 'the list of contents is not genuine' });
  const { entries, digest } = await readContents(store);
  if (entries === head.entries && digest === head.digest) return ok({ revision: head.revision });
  const message =
    entries === head.entries
      ? 'something in it is not what it was when the backup was made'
      : `it holds ${entries} entries, and held ${head.entries} when it was made`;
  return refuse('damaged', { message });
};

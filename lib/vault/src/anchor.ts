// The anchor: what a file outside the store remembers of it, so that an old copy put back is noticed. Sealed with a key of
// the root key, so that whoever may write the file cannot make one. docs/formats/vault.md, "Anchor".

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import type { FillRandom } from '@chatelaine/secret';
import type { AuditHead, Store } from '@chatelaine/store';
import * as z from 'zod';
import { type BoxPlace, openBox, type ReadBox, readBox, sealBox } from './box.ts';
import type { RootKey } from './root-key.ts';
import { rootKeyIdSchema } from './vault-header.ts';

const head = z.strictObject({
  lane: z.number().int().min(0),
  sequence: z.number().int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

const schema = z.strictObject({
  storeId: z.string().regex(/^[0-9a-f]{32}$/),
  rootKeyId: rootKeyIdSchema,
  revision: z.number().int().min(0),
  heads: z.array(head).refine((heads) => heads.every(({ lane }, index) => lane > (heads[index - 1]?.lane ?? -1))),
});

type AnchorHead = z.infer<typeof schema>;

/** What is known to be durable: nothing below it may be missing. */
export interface AnchoredState {
  readonly revision: number;
  /** Ascending by lane, at most one each. */
  readonly heads: readonly AuditHead[];
}

/** An anchor as it was read. Nothing vouches for it before {@link isAnchorGenuine}. */
export interface Anchor extends AnchoredState {
  readonly storeId: string;
  readonly rootKeyId: string;
  readonly box: ReadBox<AnchorHead>;
}

const place: BoxPlace = { domain: 'anchor', at: new Uint8Array(0) };

export const sealAnchor = (
  state: AnchoredState & { readonly storeId: string },
  root: RootKey,
  fill: FillRandom,
): Uint8Array => {
  const heads = state.heads.map(({ lane, sequence, hash }) => ({
    lane,
    sequence,
    hash: Buffer.from(hash).toString('hex'),
  }));
  const written: AnchorHead = { storeId: state.storeId, rootKeyId: root.id, revision: state.revision, heads };
  return sealBox({ place, head: written, content: new Uint8Array(0), key: root.anchor.bytes, fill });
};

/** Refusals: `damaged`, `unsupported-format`. */
export const parseAnchor = (bytes: Uint8Array): Result<Anchor> => {
  const box = readBox(bytes, [schema], 'the anchor file');
  if (box.kind === 'refused') return box;
  const { heads, ...rest } = box.value.head;
  return ok({
    ...rest,
    heads: heads.map(({ hash, ...at }) => ({ ...at, hash: Buffer.from(hash, 'hex') })),
    box: box.value,
  });
};

/** Whether the holder of the root key wrote it. */
export const isAnchorGenuine = (anchor: Anchor, root: RootKey): boolean => {
  using content = openBox(anchor.box, place, root.anchor.bytes);
  return content?.length === 0 && anchor.rootKeyId === root.id;
};

const rolledBack = (message: string): Refused => refuse('rolled-back', { message });

/** Whether an anchor is this store's. Refusal: `anchor-missing`. */
export const checkAnchorStore = (anchor: Anchor, store: Store): Refused | undefined => {
  if (anchor.storeId === store.id) return undefined;
  const message = `the anchor file is of store ${anchor.storeId}, and this is store ${store.id}`;
  return refuse('anchor-missing', { message });
};

/**
 * Compares a store with its anchor. Refusals: `anchor-missing` if the anchor is another store's; `rolled-back` if the store
 * lacks, or has otherwise, what the anchor knows. A store that is ahead is fine.
 */
export const checkAnchor = async (store: Store, anchor: Anchor): Promise<Result<{ readonly isBehind: boolean }>> => {
  const foreign = checkAnchorStore(anchor, store);
  if (foreign !== undefined) return foreign;
  const revision = await store.revision();
  if (revision < anchor.revision) {
    return rolledBack(`the store is at revision ${revision}, its anchor at ${anchor.revision}`);
  }
  const heads = await store.auditHeads();
  for (const anchored of anchor.heads) {
    const present = heads.find(({ lane }) => lane === anchored.lane)?.sequence ?? 0;
    if (present < anchored.sequence) {
      const where = anchored.lane === 0 ? '' : ` in lane ${anchored.lane}`;
      return rolledBack(`the audit ends at record ${present}${where}, its anchor knows record ${anchored.sequence}`);
    }
    const [record] = await store.audit(anchored.lane, { from: anchored.sequence, limit: 1 });
    if (record?.sequence !== anchored.sequence || !Buffer.from(record.hash).equals(anchored.hash)) {
      return rolledBack(`audit record ${anchored.sequence} is not the one that the anchor knows`);
    }
  }
  return ok({ isBehind: isAhead({ revision, heads }, anchor) });
};

/** Whether `state` holds anything that `anchored` does not. */
export const isAhead = (state: AnchoredState, anchored: AnchoredState): boolean =>
  state.revision > anchored.revision ||
  state.heads.some(
    ({ lane, sequence }) => sequence > (anchored.heads.find((known) => known.lane === lane)?.sequence ?? 0),
  );

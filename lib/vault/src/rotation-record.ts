// What the store says of a rotation under way: the root key that retires, so that what still lies under it opens, and which
// numbers the new data keys have. It is sealed with the new root key: who knows no more than the retiring one learns nothing
// by it. docs/formats/vault.md, "Rotation".

import { ok, type Result, refuse } from '@chatelaine/contract';
import type { FillRandom } from '@chatelaine/secret';
import type { Store } from '@chatelaine/store';
import * as z from 'zod';
import { type BoxPlace, openBox, readBox, sealBox } from './box.ts';
import { readEntry } from './read-store.ts';
import { KEY_BYTES, RootKey } from './root-key.ts';
import { RootKeys } from './root-keys.ts';
import { rotationKey } from './store-keys.ts';
import { unixMsSchema } from './vault-header.ts';

const number = z.number().int().min(1);

const schema = z.strictObject({
  startedAtUnixMs: unixMsSchema,
  /** Numbers that the newest keys have in the end, by collection id in hex; absent if they are not rotated. */
  data: z.strictObject({ collections: z.record(z.string().regex(/^[0-9a-f]{32}$/), number), audit: number }).optional(),
});

export type RotationPlan = z.infer<typeof schema>;

const place: BoxPlace = { domain: 'rotation', at: rotationKey };

/** The record, to be put at {@link rotationKey}. */
export const sealRotation = (plan: RotationPlan, roots: RootKeys, fill: FillRandom): Uint8Array => {
  const content = roots.retiring?.secret.bytes ?? new Uint8Array(0);
  return sealBox({ place, head: plan, content, key: roots.current.wrapping.bytes, fill });
};

/**
 * All root keys there are for who has `root`, and the plan of the rotation if one is under way. `root` stays the caller's if it
 * refuses. Refusals: `damaged`, `unsupported-format`.
 */
export const findRootKeys = async (
  store: Store,
  root: RootKey,
): Promise<Result<{ readonly roots: RootKeys; readonly plan?: RotationPlan }>> => {
  const entry = await readEntry(store, rotationKey);
  if (entry === undefined) return ok({ roots: new RootKeys(root) });
  const what = 'the record of the rotation';
  const box = readBox(entry.value, [schema], what);
  if (box.kind === 'refused') return box;
  const content = openBox(box.value, place, root.wrapping.bytes);
  if (content === undefined) return refuse('damaged', { message: `${what} does not open with root key ${root.id}` });
  const plan = box.value.head;
  if (content.length === KEY_BYTES) return ok({ roots: new RootKeys(root, new RootKey(content)), plan });
  content.release();
  if (content.length === 0) return ok({ roots: new RootKeys(root), plan });
  return refuse('damaged', { message: `${what} holds no root key` });
};

// The header says which root key a vault has and what it was made for. Anybody can read it; its tag is checked when the
// vault is opened. docs/formats/vault.md, "Header".

import { ok, type Result, refuse } from '@chatelaine/contract';
import type { FillRandom } from '@chatelaine/secret';
import type { Store } from '@chatelaine/store';
import * as z from 'zod';
import { type BoxPlace, openBox, type ReadBox, readBox, sealBox } from './box.ts';
import { readEntries, readEntry } from './read-store.ts';
import type { RootKey } from './root-key.ts';
import { headerKey } from './store-keys.ts';

/** 16 hex digits; names a root key. */
export const rootKeyIdSchema = z.string().regex(/^[0-9a-f]{16}$/);
export const unixMsSchema = z.number().int().min(0);

const first = z.strictObject({
  purpose: z.enum(['production', 'development']),
  rootKeyId: rootKeyIdSchema,
  createdAtUnixMs: unixMsSchema,
});

const second = first.extend({
  epoch: z.strictObject({ number: z.number().int().min(0), startedAtUnixMs: unixMsSchema }),
});

/** What is written. Older formats are read for ever. */
const FORMAT = 2;

/** The time since a vault was made, or since it was last restored on purpose: what was once used or approved before counts no more. */
export interface Epoch {
  /** 0 for a vault that was never restored. */
  readonly number: number;
  /** Not before anything that is in the store. */
  readonly startedAtUnixMs: number;
}

/** A store is made for one of both, for good. */
export type VaultPurpose = 'production' | 'development';

export type VaultHeaderHead = z.infer<typeof second>;

/** The header as it lies in the store. */
export interface StoredHeader {
  readonly box: ReadBox<VaultHeaderHead>;
  readonly revision: number;
}

const place: BoxPlace = { domain: 'header', at: headerKey };

export const sealHeader = (head: VaultHeaderHead, root: RootKey, fill: FillRandom): Uint8Array =>
  sealBox({ place, head, content: new Uint8Array(0), key: root.header.bytes, fill, format: FORMAT });

/** Reads a header's bytes. Refusals: `damaged`, `unsupported-format`. */
export const parseHeader = (bytes: Uint8Array): Result<ReadBox<VaultHeaderHead>> =>
  readBox(
    bytes,
    [first.transform((head) => ({ ...head, epoch: { number: 0, startedAtUnixMs: head.createdAtUnixMs } })), second],
    'the header of the vault',
  );

/** Whether the holder of the root key wrote it. */
export const isHeaderGenuine = (box: ReadBox<VaultHeaderHead>, root: RootKey): boolean => {
  using content = openBox(box, place, root.header.bytes);
  return content?.length === 0 && box.head.rootKeyId === root.id;
};

/** Refusals: `not-found` for an empty store, `damaged`, `unsupported-format`. */
export const readStoredHeader = async (store: Store): Promise<Result<StoredHeader>> => {
  const entry = await readEntry(store, headerKey);
  if (entry === undefined) {
    const { entries } = await readEntries(store, new Uint8Array(0), { limit: 1 });
    const isEmpty = entries.length === 0 && (await store.revision()) === 0;
    if (isEmpty) return refuse('not-found', { message: 'the store is new and holds no vault yet' });
    return refuse('damaged', { message: 'the store holds something, but the header of the vault is missing' });
  }
  const box = parseHeader(entry.value);
  return box.kind === 'ok' ? ok({ box: box.value, revision: entry.revision }) : box;
};

// A key that lies in the store, sealed with the wrapping key; docs/formats/vault.md, "Wrapped keys".

import { ok, type Result, refuse } from '@chatelaine/contract';
import { type FillRandom, SecretBytes } from '@chatelaine/secret';
import type { Entry } from '@chatelaine/store';
import * as z from 'zod';
import { type BoxPlace, openBox, readBox, sealBox } from './box.ts';
import { KEY_BYTES, type RootKey } from './root-key.ts';
import type { RootKeys } from './root-keys.ts';
import { readWrappedKeyKey, type WrappedKeyPlace, wrappedKeyKey } from './store-keys.ts';
import { rootKeyIdSchema } from './vault-header.ts';

const schema = z.strictObject({ rootKeyId: rootKeyIdSchema });

const placeOf = (key: Uint8Array): BoxPlace => ({ domain: 'wrapped key', at: key });

/** An opened key and what it is for. */
export interface OpenedKey {
  readonly place: WrappedKeyPlace;
  /** The name of its collection; empty for all but a data key. */
  readonly collection: string;
  /** Released by whoever holds it. */
  readonly key: SecretBytes;
}

/** Seals a key to be put into the store. */
export const wrapKey = (opened: OpenedKey, root: RootKey, fill: FillRandom): { key: Uint8Array; value: Uint8Array } => {
  const at = wrappedKeyKey(opened.place);
  const name = Buffer.from(opened.collection, 'utf8');
  using content = SecretBytes.allocate(KEY_BYTES + name.length);
  content.bytes.set(opened.key.bytes);
  content.bytes.set(name, KEY_BYTES);
  const head = { rootKeyId: root.id };
  const value = sealBox({ place: placeOf(at), head, content: content.bytes, key: root.wrapping.bytes, fill });
  return { key: at, value };
};

/** Refusals: `damaged`, `unsupported-format`. */
export const unwrapKey = (entry: Entry, roots: RootKeys): Result<OpenedKey> => {
  const at = Buffer.from(entry.key).toString('hex');
  const place = readWrappedKeyKey(entry.key);
  if (place === undefined) return refuse('damaged', { message: `there is no place ${at} for a wrapped key` });
  const what = `the wrapped ${place.kind} key at ${at}`;
  const box = readBox(entry.value, [schema], what);
  if (box.kind === 'refused') return box;
  const found = roots.require(box.value.head.rootKeyId, what);
  if (found.kind === 'refused') return found;
  const root = found.value;
  using content = openBox(box.value, placeOf(entry.key), root.wrapping.bytes);
  if (content === undefined || content.length < KEY_BYTES) {
    return refuse('damaged', { message: `${what} does not open with root key ${root.id}` });
  }
  const collection = content.bytes.toString('utf8', KEY_BYTES);
  return ok({ place, collection, key: SecretBytes.copyOf(content.bytes.subarray(0, KEY_BYTES)) });
};

/** The id of the root key that a wrapped key lies under. Refusals: `damaged`, `unsupported-format`. */
export const rootKeyIdOf = (entry: Entry): Result<string> => {
  const box = readBox(entry.value, [schema], `the wrapped key at ${Buffer.from(entry.key).toString('hex')}`);
  return box.kind === 'ok' ? ok(box.value.head.rootKeyId) : box;
};

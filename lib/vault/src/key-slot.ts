// A key slot: the root key, sealed with a key that comes from a pass phrase or a key file. Any one slot opens the vault,
// and its backups. docs/formats/vault.md, "Key slots".

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import {
  type FillRandom,
  hashPassPhrase,
  keyedHashInto,
  PASS_PHRASE_SALT_BYTES,
  type PassPhraseCost,
  SecretBytes,
} from '@chatelaine/secret';
import type { Entry } from '@chatelaine/store';
import * as z from 'zod';
import { type BoxPlace, openBox, type ReadBox, readBox, sealBox } from './box.ts';
import { KEY_BYTES, RootKey } from './root-key.ts';
import { SLOT_ID_BYTES, slotKey } from './store-keys.ts';
import type { KeySlotView, SlotSecret } from './vault.ts';
import { rootKeyIdSchema, unixMsSchema } from './vault-header.ts';

/** Most slots of one kind. */
export const MAX_SLOTS_PER_KIND = 8;
export const MIN_PASS_PHRASE_CHARACTERS = 12;
export const MIN_KEY_FILE_BYTES = 16;
export const MAX_LABEL_LENGTH = 100;
const KEY_FILE_SALT_BYTES = 32;
const KEY_FILE_DOMAIN = Buffer.from('chatelaine key file\0', 'ascii');

const hex = (sizeBytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${sizeBytes * 2}}$`));

const common = { label: z.string().max(MAX_LABEL_LENGTH), createdAtUnixMs: unixMsSchema, rootKeyId: rootKeyIdSchema };

const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('pass-phrase'),
    ...common,
    salt: hex(PASS_PHRASE_SALT_BYTES),
    passes: z.number().int().min(1).max(64),
    memoryKiB: z.number().int().min(8).max(4_194_304),
  }),
  z.strictObject({ kind: z.enum(['key-file', 'peer']), ...common, salt: hex(KEY_FILE_SALT_BYTES) }),
]);

type KeySlotHead = z.infer<typeof schema>;

/** A slot as it lies in the store. */
export interface StoredSlot {
  /** 16 hex digits. */
  readonly id: string;
  readonly revision: number;
  readonly place: BoxPlace;
  readonly box: ReadBox<KeySlotHead>;
}

const placeOf = (key: Uint8Array): BoxPlace => ({ domain: 'key slot', at: key });

/** The id of the slot at this key of the store, also of one that is damaged. */
export const slotIdOf = (key: Uint8Array): string => Buffer.from(key).toString('hex', 1);

export const viewSlot = ({ id, box: { head } }: StoredSlot): KeySlotView => ({
  id,
  kind: head.kind,
  label: head.label,
  createdAtUnixMs: head.createdAtUnixMs,
});

/** Refusals: `damaged`, `unsupported-format`. */
export const readSlot = (entry: Entry): Result<StoredSlot> => {
  const id = slotIdOf(entry.key);
  if (entry.key.length !== 1 + SLOT_ID_BYTES)
    return refuse('damaged', { message: 'a key slot has an id that cannot be' });
  const box = readBox(entry.value, schema, `key slot ${id}`);
  if (box.kind === 'refused') return box;
  return ok({ id, revision: entry.revision, place: placeOf(entry.key), box: box.value });
};

const countCharacters = (utf8: Uint8Array): number =>
  utf8.reduce((sum, byte) => sum + ((byte & 0xc0) === 0x80 ? 0 : 1), 0);

/** Refusals: `weak-pass-phrase`; `invalid-input` for a key file that is too short. */
export const checkSlotSecret = ({ kind, secret }: SlotSecret): Refused | undefined => {
  if (kind === 'pass-phrase') {
    return countCharacters(secret) < MIN_PASS_PHRASE_CHARACTERS ? refuse('weak-pass-phrase') : undefined;
  }
  if (secret.length >= MIN_KEY_FILE_BYTES) return undefined;
  return refuse('invalid-input', { field: 'secret', message: `a key file has at least ${MIN_KEY_FILE_BYTES} bytes` });
};

const deriveSlotKey = async (head: KeySlotHead, secret: Uint8Array): Promise<Result<SecretBytes>> => {
  const salt = Buffer.from(head.salt, 'hex');
  if (head.kind === 'pass-phrase') {
    const hashed = await hashPassPhrase(secret, salt, head);
    return hashed.kind === 'hashed'
      ? ok(hashed.key)
      : refuse('busy', { message: 'other pass phrases are being tried' });
  }
  const key = SecretBytes.allocate(KEY_BYTES);
  keyedHashInto(key.bytes, salt, [KEY_FILE_DOMAIN, secret]);
  return ok(key);
};

/** What a slot is made of. */
export interface NewSlot {
  readonly slot: SlotSecret & { readonly label: string };
  readonly root: RootKey;
  readonly nowUnixMs: number;
  readonly cost: PassPhraseCost;
  readonly fill: FillRandom;
}

const headOf = ({ slot, root, nowUnixMs, cost, fill }: NewSlot): KeySlotHead => {
  const salt = Buffer.alloc(slot.kind === 'pass-phrase' ? PASS_PHRASE_SALT_BYTES : KEY_FILE_SALT_BYTES);
  fill(salt);
  const { label } = slot;
  const head = { label, createdAtUnixMs: nowUnixMs, rootKeyId: root.id, salt: salt.toString('hex') };
  return slot.kind === 'pass-phrase'
    ? { kind: 'pass-phrase', ...head, passes: cost.passes, memoryKiB: cost.memoryKiB }
    : { kind: slot.kind, ...head };
};

/** Makes a slot. Refusals: `weak-pass-phrase`, `invalid-input`, `busy`. */
export const sealSlot = async (
  made: NewSlot,
): Promise<Result<{ readonly key: Uint8Array; readonly value: Uint8Array; readonly view: KeySlotView }>> => {
  const weak = checkSlotSecret(made.slot);
  if (weak !== undefined) return weak;
  if (made.slot.label.length > MAX_LABEL_LENGTH) {
    return refuse('invalid-input', { field: 'label', message: `at most ${MAX_LABEL_LENGTH} characters` });
  }
  const id = Buffer.alloc(SLOT_ID_BYTES);
  made.fill(id);
  const key = slotKey(id);
  const head = headOf(made);
  const derived = await deriveSlotKey(head, made.slot.secret);
  if (derived.kind === 'refused') return derived;
  using sealing = derived.value;
  const content = made.root.secret.bytes;
  const value = sealBox({ place: placeOf(key), head, content, key: sealing.bytes, fill: made.fill });
  const view = { id: id.toString('hex'), kind: head.kind, label: head.label, createdAtUnixMs: head.createdAtUnixMs };
  return ok({ key, value, view });
};

/** Tries a secret on a slot of its kind. Undefined if it is another's; refusals: `busy`, `damaged`. The caller releases. */
export const openSlot = async (slot: StoredSlot, secret: SlotSecret): Promise<Result<RootKey> | undefined> => {
  const { head } = slot.box;
  if (head.kind !== secret.kind) return undefined;
  const derived = await deriveSlotKey(head, secret.secret);
  if (derived.kind === 'refused') return derived;
  using key = derived.value;
  const content = openBox(slot.box, slot.place, key.bytes);
  if (content === undefined) return undefined;
  if (content.length === KEY_BYTES) {
    const root = new RootKey(content);
    if (root.id === head.rootKeyId) return ok(root);
    root.release();
  }
  content.release();
  return refuse('damaged', { message: `key slot ${slot.id} does not hold root key ${head.rootKeyId}` });
};

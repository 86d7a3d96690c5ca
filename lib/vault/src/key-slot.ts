// A key slot: the root key, sealed with a key that comes from a secret. Any one slot opens the vault, and its backups.
// docs/formats/vault.md, "Key slots".

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import {
  AGREEMENT_BYTES,
  type FillRandom,
  hashPassPhrase,
  keyedHashInto,
  MAX_SHARES,
  PASS_PHRASE_SALT_BYTES,
  type PassPhraseCost,
  SecretBytes,
} from '@chatelaine/secret';
import type { Entry } from '@chatelaine/store';
import * as z from 'zod';
import { type BoxPlace, openBox, type ReadBox, readBox, sealBox } from './box.ts';
import { KEY_BYTES, RootKey } from './root-key.ts';
import { keyAsRecipient, keyForRecipient, slotRecipient } from './slot-key.ts';
import { SLOT_ID_BYTES, slotKey } from './store-keys.ts';
import type { KeySlotKind, KeySlotView, SlotSecret } from './vault.ts';
import { rootKeyIdSchema, unixMsSchema } from './vault-header.ts';
import { wrapKey } from './wrapped-key.ts';

/** Most slots of one kind. */
export const MAX_SLOTS_PER_KIND = 8;
export const MIN_PASS_PHRASE_CHARACTERS = 12;
export const MIN_KEY_FILE_BYTES = 16;
export const MAX_LABEL_LENGTH = 100;
const KEY_FILE_SALT_BYTES = 32;
const KEY_FILE_DOMAIN = Buffer.from('chatelaine key file\0', 'ascii');

const hex = (sizeBytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${sizeBytes * 2}}$`));

const common = {
  label: z.string().max(MAX_LABEL_LENGTH),
  createdAtUnixMs: unixMsSchema,
  rootKeyId: rootKeyIdSchema,
  /** Present if the box is sealed to the slot's public key. */
  ephemeral: hex(AGREEMENT_BYTES).optional(),
};

const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('pass-phrase'),
    ...common,
    salt: hex(PASS_PHRASE_SALT_BYTES),
    passes: z.number().int().min(1).max(64),
    memoryKiB: z.number().int().min(8).max(4_194_304),
  }),
  z.strictObject({ kind: z.enum(['key-file', 'peer', 'systemd-creds']), ...common, salt: hex(KEY_FILE_SALT_BYTES) }),
  z.strictObject({
    kind: z.literal('shares'),
    ...common,
    salt: hex(KEY_FILE_SALT_BYTES),
    threshold: z.number().int().min(2).max(MAX_SHARES),
    shares: z.number().int().min(2).max(MAX_SHARES),
  }),
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

const viewHead = (id: string, head: KeySlotHead): KeySlotView => ({
  id,
  kind: head.kind,
  label: head.label,
  createdAtUnixMs: head.createdAtUnixMs,
  ...(head.kind === 'shares' && { threshold: head.threshold, shares: head.shares }),
});

export const viewSlot = ({ id, box: { head } }: StoredSlot): KeySlotView => viewHead(id, head);

/** Whether a slot opens a backup anywhere, with nothing but what a person keeps. */
export const opensAnywhere = (kind: KeySlotKind): boolean => kind !== 'peer' && kind !== 'systemd-creds';

/** Refusals: `damaged`, `unsupported-format`. */
export const readSlot = (entry: Entry): Result<StoredSlot> => {
  const id = slotIdOf(entry.key);
  if (entry.key.length !== 1 + SLOT_ID_BYTES)
    return refuse('damaged', { message: 'a key slot has an id that cannot be' });
  const box = readBox(entry.value, [schema], `key slot ${id}`);
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
  if (slot.kind === 'pass-phrase') {
    return { kind: 'pass-phrase', ...head, passes: cost.passes, memoryKiB: cost.memoryKiB };
  }
  if (slot.kind !== 'shares') return { kind: slot.kind, ...head };
  if (slot.sharing === undefined) throw new TypeError('a slot of shares says how many there are');
  return { kind: 'shares', ...head, ...slot.sharing };
};

/** An entry to be put into the store. */
interface NewEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The entry by which a slot follows when the root key changes. */
export const wrapRecipient = (id: Uint8Array, publicKey: Uint8Array, root: RootKey, fill: FillRandom): NewEntry => {
  using key = SecretBytes.copyOf(publicKey);
  return wrapKey({ place: { kind: 'recipient', slotId: id }, collection: '', key }, root, fill);
};

/** Makes a slot. Refusals: `weak-pass-phrase`, `invalid-input`, `busy`. */
export const sealSlot = async (
  made: NewSlot,
): Promise<Result<{ readonly slot: NewEntry; readonly recipient: NewEntry; readonly view: KeySlotView }>> => {
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
  const recipient = wrapRecipient(id, slotRecipient(sealing.bytes), made.root, made.fill);
  return ok({ slot: { key, value }, recipient, view: viewHead(id.toString('hex'), head) });
};

/** The same slot with another root key in it; its secret need not be at hand. Refusal: `damaged`. */
export const resealSlot = (
  slot: StoredSlot,
  recipient: Uint8Array,
  root: RootKey,
  fill: FillRandom,
): Result<Uint8Array> => {
  using ephemeralSecret = SecretBytes.random(AGREEMENT_BYTES, fill);
  const agreed = keyForRecipient(recipient, ephemeralSecret);
  if (agreed === undefined) return refuse('damaged', { message: `the public key of key slot ${slot.id} is none` });
  using key = agreed.key;
  const head = { ...slot.box.head, rootKeyId: root.id, ephemeral: agreed.ephemeral.toString('hex') };
  return ok(sealBox({ place: slot.place, head, content: root.secret.bytes, key: key.bytes, fill }));
};

/** An opened slot. The caller releases the root key. */
export interface OpenedSlot {
  readonly root: RootKey;
  /** The slot's public key. */
  readonly recipient: Buffer;
}

const openBoxOf = ({ box, place }: StoredSlot, slotKey: SecretBytes): SecretBytes | undefined => {
  const { ephemeral } = box.head;
  if (ephemeral === undefined) return openBox(box, place, slotKey.bytes);
  using agreed = keyAsRecipient(slotKey.bytes, Buffer.from(ephemeral, 'hex'));
  return agreed && openBox(box, place, agreed.bytes);
};

/** Tries a secret on a slot of its kind. Undefined if it is another's; refusals: `busy`, `damaged`. */
export const openSlot = async (slot: StoredSlot, secret: SlotSecret): Promise<Result<OpenedSlot> | undefined> => {
  const { head } = slot.box;
  if (head.kind !== secret.kind) return undefined;
  const derived = await deriveSlotKey(head, secret.secret);
  if (derived.kind === 'refused') return derived;
  using key = derived.value;
  const content = openBoxOf(slot, key);
  if (content === undefined) return undefined;
  if (content.length === KEY_BYTES) {
    const root = new RootKey(content);
    if (root.id === head.rootKeyId) return ok({ root, recipient: slotRecipient(key.bytes) });
    root.release();
  }
  content.release();
  return refuse('damaged', { message: `key slot ${slot.id} does not hold root key ${head.rootKeyId}` });
};

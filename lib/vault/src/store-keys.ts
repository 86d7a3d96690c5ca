// Which keys of the store belong to the vault; docs/formats/vault.md, "Keys of the store".

export const COLLECTION_ID_BYTES = 16;
export const SEGMENT_ID_BYTES = 16;
export const SLOT_ID_BYTES = 8;

// Plain arrays, never a Buffer, whose slice is a view: a store may cut and change what it took for a copy.
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

/** The header. */
export const headerKey: Uint8Array = Uint8Array.of(0x00);
/** All key slots begin with this. */
export const slotPrefix: Uint8Array = Uint8Array.of(0x01);
/** All wrapped keys begin with this. */
export const wrappedKeyPrefix: Uint8Array = Uint8Array.of(0x02);
/** What says that keys are being rotated. */
export const rotationKey: Uint8Array = Uint8Array.of(0x04);
/** In a backup only: the list of what it holds. */
export const contentsKey: Uint8Array = Uint8Array.of(0x05);
/** All records begin with this. */
export const recordPrefix: Uint8Array = Uint8Array.of(0x03);

export const slotKey = (id: Uint8Array): Uint8Array => join(slotPrefix, id);

/** What a wrapped key is for. */
export type WrappedKeyPlace =
  | { readonly kind: 'blinding' | 'audit'; readonly number: number }
  | { readonly kind: 'data'; readonly collectionId: Uint8Array; readonly number: number }
  | { readonly kind: 'recipient'; readonly slotId: Uint8Array };

const kindBytes = { blinding: 1, audit: 2, data: 3, recipient: 4 } as const;

export const wrappedKeyKey = (place: WrappedKeyPlace): Uint8Array => {
  if (place.kind === 'recipient') return join(wrappedKeyPrefix, Uint8Array.of(kindBytes.recipient), place.slotId);
  const id = place.kind === 'data' ? place.collectionId : new Uint8Array(0);
  return join(wrappedKeyPrefix, Uint8Array.of(kindBytes[place.kind]), id, u32(place.number));
};

/** What the wrapped key at `key` is for; undefined if there is no such place. */
export const readWrappedKeyKey = (key: Uint8Array): WrappedKeyPlace | undefined => {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  if (key.length === 6 && (key[1] === kindBytes.blinding || key[1] === kindBytes.audit)) {
    return { kind: key[1] === kindBytes.blinding ? 'blinding' : 'audit', number: view.getUint32(2) };
  }
  if (key.length === 6 + COLLECTION_ID_BYTES && key[1] === kindBytes.data) {
    const collectionId = Uint8Array.from(key.subarray(2, 2 + COLLECTION_ID_BYTES));
    return { kind: 'data', collectionId, number: view.getUint32(2 + COLLECTION_ID_BYTES) };
  }
  if (key.length === 2 + SLOT_ID_BYTES && key[1] === kindBytes.recipient) {
    return { kind: 'recipient', slotId: Uint8Array.from(key.subarray(2)) };
  }
  return undefined;
};

/** The id of the collection that a record belongs to, by its key; undefined if it is the key of no record. */
export const collectionIdOf = (key: Uint8Array): Uint8Array | undefined =>
  key[0] === recordPrefix[0] && key.length > COLLECTION_ID_BYTES + 1
    ? key.slice(1, 1 + COLLECTION_ID_BYTES)
    : undefined;

/** What all records of a collection begin with. */
export const collectionPrefix = (collectionId: Uint8Array): Uint8Array => join(recordPrefix, collectionId);

// The compact form of what is sealed often: records and audit payloads; docs/formats/vault.md, "Records", "Audit payloads".
//
//   u8 format | u32 number of the key | nonce (24) | XChaCha20-Poly1305
//
// The associated data begins with these first five bytes, so that neither can be changed.

import {
  type FillRandom,
  openSealed,
  SEAL_NONCE_BYTES,
  SEAL_TAG_BYTES,
  SecretBytes,
  sealInto,
} from '@chatelaine/secret';
import type { NumberedKey } from './numbered-key.ts';

const FORMAT = 1;
const NONCE_AT = 5;
const SEALED_AT = NONCE_AT + SEAL_NONCE_BYTES;
const PATH_LENGTH_BYTES = 2;
/** How much longer a sealed value is than what is inside. */
const SEALED_VALUE_OVERHEAD = SEALED_AT + SEAL_TAG_BYTES;

const RECORD_DOMAIN = Buffer.from('chatelaine record\0', 'ascii');
const AUDIT_DOMAIN = Buffer.from('chatelaine audit\0', 'ascii');

// Associated data is put together here and used before anything else runs; a place is at most a store key of 1,024 bytes.
const recordScratch = Buffer.concat([RECORD_DOMAIN, Buffer.alloc(NONCE_AT + 1_024)]);
const auditScratch = Buffer.concat([AUDIT_DOMAIN, Buffer.alloc(NONCE_AT + 4)]);

const associate = (scratch: Buffer, domain: Buffer, value: Uint8Array, place: Uint8Array): Uint8Array => {
  for (let at = 0; at < NONCE_AT; at++) scratch[domain.length + at] = value[at] ?? 0;
  scratch.set(place, domain.length + NONCE_AT);
  return scratch.subarray(0, domain.length + NONCE_AT + place.length);
};

const associateRecord = (value: Uint8Array, key: Uint8Array): Uint8Array =>
  associate(recordScratch, RECORD_DOMAIN, value, key);

const lanePlace = Buffer.alloc(4);
const associateAudit = (value: Uint8Array, lane: number): Uint8Array => {
  lanePlace.writeUInt32BE(lane);
  return associate(auditScratch, AUDIT_DOMAIN, value, lanePlace);
};

// An array of exactly this size and of its own: it may be posted to a thread.
const begin = (sizeBytes: number, key: NumberedKey, fill: FillRandom): Uint8Array => {
  const value = new Uint8Array(sizeBytes + SEALED_VALUE_OVERHEAD);
  value[0] = FORMAT;
  new DataView(value.buffer).setUint32(1, key.number);
  fill(value.subarray(NONCE_AT, SEALED_AT));
  return value;
};

const sealRest = (value: Uint8Array, plain: Uint8Array, key: NumberedKey, associated: Uint8Array): Uint8Array => {
  const nonce = value.subarray(NONCE_AT, SEALED_AT);
  sealInto(value.subarray(SEALED_AT), plain, { key: key.key.bytes, nonce, associated });
  return value;
};

/** The number of the key that a value needs; 0 if it is not a value of format 1. */
export const keyNumberOf = (value: Uint8Array): number => {
  if (value.length < SEALED_VALUE_OVERHEAD || value[0] !== FORMAT) return 0;
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(1);
};

/** Seals a record to lie at `at` in the store. The caller wipes `content`. */
export const sealRecord = (
  record: { readonly at: Uint8Array; readonly path: string; readonly content: Uint8Array },
  key: NumberedKey,
  fill: FillRandom,
): Uint8Array => {
  const pathBytes = Buffer.byteLength(record.path);
  using plain = SecretBytes.allocate(PATH_LENGTH_BYTES + pathBytes + record.content.length);
  plain.bytes.writeUInt16BE(pathBytes);
  plain.bytes.write(record.path, PATH_LENGTH_BYTES);
  plain.bytes.set(record.content, PATH_LENGTH_BYTES + pathBytes);
  const value = begin(plain.length, key, fill);
  return sealRest(value, plain.bytes, key, associateRecord(value, record.at));
};

/** Opens the record at `at`; undefined if it is damaged or lay elsewhere. The caller releases. */
export const openRecord = (
  value: Uint8Array,
  at: Uint8Array,
  key: NumberedKey,
): { readonly path: string; readonly value: SecretBytes } | undefined => {
  const opened = open(value, key, associateRecord(value, at));
  if (opened === undefined) return undefined;
  const { bytes } = opened;
  const contentAt = bytes.length < PATH_LENGTH_BYTES ? Infinity : PATH_LENGTH_BYTES + bytes.readUInt16BE();
  if (contentAt > bytes.length) {
    opened.release();
    return undefined;
  }
  return { path: bytes.toString('utf8', PATH_LENGTH_BYTES, contentAt), value: opened.dropFront(contentAt) };
};

/** Seals an audit record for a lane. The caller wipes `record`. */
export const sealAudit = (record: Uint8Array, lane: number, key: NumberedKey, fill: FillRandom): Uint8Array => {
  const value = begin(record.length, key, fill);
  return sealRest(value, record, key, associateAudit(value, lane));
};

/** Opens an audit payload of a lane; undefined if it is damaged or of another lane. The caller releases. */
export const openAudit = (value: Uint8Array, lane: number, key: NumberedKey): SecretBytes | undefined =>
  open(value, key, associateAudit(value, lane));

const open = (value: Uint8Array, key: NumberedKey, associated: Uint8Array): SecretBytes | undefined => {
  if (keyNumberOf(value) !== key.number) return undefined;
  const nonce = value.subarray(NONCE_AT, SEALED_AT);
  return openSealed(value.subarray(SEALED_AT), { key: key.key.bytes, nonce, associated });
};

// The link of the audit chain. Every part before the payload has a fixed width, so that no two different records have the
// same input. Whoever holds one hash holds the whole lane up to it. Described in docs/formats/store.md.

import { hash } from 'node:crypto';

const TAG = Buffer.from('chatelaine/audit/1', 'ascii');
const HEAD_BYTES = TAG.length + 4 + 8 + 32;

/** Stands for the hash before the first record of a lane. */
export const firstAuditHash: Uint8Array = new Uint8Array(32);

/** A record as it enters the chain. */
export interface AuditLink {
  /** 0 to 255. */
  readonly lane: number;
  /** 1 for the first record of the lane, then one more each. */
  readonly sequence: number;
  /** 32 bytes: the hash of the record before, or {@link firstAuditHash}. */
  readonly previous: Uint8Array;
  readonly payload: Uint8Array;
}

/** The 32 bytes that chain a record: SHA-256(tag ‖ u32 lane ‖ u64 sequence ‖ previous ‖ payload), integers big-endian. */
export const auditHash = ({ lane, sequence, previous, payload }: AuditLink): Buffer => {
  if (previous.length !== 32) throw new RangeError('a previous hash has 32 bytes');
  const input = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  TAG.copy(input, 0);
  input.writeUInt32BE(lane, TAG.length);
  input.writeBigUInt64BE(BigInt(sequence), TAG.length + 4);
  input.set(previous, TAG.length + 12);
  input.set(payload, HEAD_BYTES);
  return hash('sha256', input, 'buffer');
};

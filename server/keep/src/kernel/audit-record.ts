// What an audit record says. It is sealed before it enters the chain, and written in the transaction of what it records:
// what is not on record did not happen. No field ever holds a secret.

import { decodeMessage, encodeWhole } from '@chatelaine/contract';
import * as z from 'zod';

/** The embedded store has one writer, and a writer owns one lane of the audit. */
export const AUDIT_LANE = 0;

const fact = z.strictObject({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]),
  assurance: z.enum(['proved', 'asserted']),
});

/** The form of an audit record, and of a subject's last decision. */
export const auditRecordSchema = z.strictObject({
  format: z.literal(1),
  /** Wall clock, milliseconds since 1970. */
  atUnixMs: z.number().int(),
  /** Principal, as `role:identity`. */
  who: z.string(),
  operation: z.string(),
  /** What it was about, as `module/path`; empty if nothing in particular. */
  object: z.string(),
  /** `counted` stands for refusals of strangers in one minute, see RefusalTally. */
  decision: z.enum(['released', 'changed', 'refused', 'waiting', 'counted']),
  /** Refusal code. */
  code: z.string().optional(),
  /** The condition that refused or made wait. */
  condition: z.string().optional(),
  facts: z.array(fact).readonly(),
  count: z.number().int().optional(),
  requestId: z.string().optional(),
});

export type AuditRecord = z.infer<typeof auditRecordSchema>;

/** Encodes a record for sealing. */
export const encodeAuditRecord = (record: AuditRecord): Buffer => encodeWhole(record);

/** Decodes an opened record; throws if it is not one. */
export const decodeAuditRecord = (bytes: Uint8Array): AuditRecord => auditRecordSchema.parse(decodeMessage(bytes));

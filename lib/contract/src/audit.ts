// Operations on the audit record.

import * as z from 'zod';
import { defineOperation } from './operation.ts';

/** One thing a decision rested on. */
export const factSchema = z.strictObject({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]),
  assurance: z.enum(['proved', 'asserted']),
});

const record = z.strictObject({
  sequence: z.number().int(),
  atUnixMs: z.number().int(),
  who: z.string(),
  operation: z.string(),
  object: z.string(),
  decision: z.enum(['released', 'changed', 'refused', 'waiting', 'counted']),
  code: z.string().optional(),
  condition: z.string().optional(),
  facts: z.array(factSchema),
  count: z.number().int().optional(),
  requestId: z.string().optional(),
});

/** An audit record as it is shown. */
export type AuditRecordView = z.infer<typeof record>;

export const list = defineOperation({
  name: 'audit.list',
  summary: 'Lists audit records, newest first.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/audit' },
  capability: 'audit.read',
  input: z.strictObject({
    limit: z.number().int().min(1).max(1_000).default(100),
    before: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('only records before this sequence number; absent for the newest'),
    object: z.string().max(1_024).optional().describe('only records about this object (`machines/web1`)'),
  }),
  output: z.strictObject({ records: z.array(record), next: z.number().int().optional() }),
  refusals: ['damaged'],
});

export const tail = defineOperation({
  name: 'audit.tail',
  summary: 'Pushes audit records as they are written.',
  kind: 'stream',
  roles: ['admin'],
  capability: 'audit.read',
  input: z.strictObject({}),
  output: record,
  refusals: ['damaged'],
});

export const verify = defineOperation({
  name: 'audit.verify',
  summary: 'Checks the whole audit chain and names the exact place where it is broken. Works while sealed.',
  description:
    'Pushes progress, then one result. `anchored` says up to which record the anchor outside the store vouches that ' +
    'nothing was cut off or rewritten.',
  kind: 'stream',
  roles: ['admin'],
  capability: 'audit.read',
  input: z.strictObject({}),
  output: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('progress'), checked: z.number().int(), total: z.number().int() }),
    z.strictObject({ kind: z.literal('intact'), records: z.number().int(), anchored: z.number().int() }),
    z.strictObject({
      kind: z.literal('broken'),
      lane: z.number().int(),
      sequence: z.number().int(),
      fault: z.enum(['missing', 'altered', 'out-of-order', 'truncated', 'rewritten', 'unreadable']),
      explanation: z.string(),
    }),
  ]),
  refusals: [],
});

// The last decision about a subject, replayed by `why`: who asked, from where, what was decided, on which facts. Written
// in the transaction of the decision itself.

import { z } from 'zod';
import { auditRecordSchema } from './audit-record.ts';
import { defineRecord } from './module-transaction.ts';

/** The record's form, in the kernel's collection. */
export const lastDecision = defineRecord(
  'last decision',
  z.strictObject({ format: z.literal(1), record: auditRecordSchema }),
);

/** Where the last decision about `object` (`module/path`) is kept. */
export const lastDecisionPath = (object: string): string => `decisions/${object}`;

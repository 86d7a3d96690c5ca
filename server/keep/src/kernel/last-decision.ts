// The last decision about a subject, replayed by `why`: who asked, from where, what was decided, on which facts. It is the
// audit record of that decision itself, put under the subject's name in the same transaction.

import { AUDIT_LANE, type AuditRecord, auditRecordSchema, encodeAuditRecord } from './audit-record.ts';
import { defineRecord, type ModuleTransaction, type SharedTransaction } from './module-transaction.ts';

/** The kernel's own sealed collection. */
export const KERNEL_COLLECTION = 'kernel';

const form = defineRecord('last decision', auditRecordSchema);

// Object: `module/path`.
const pathOf = (object: string): string => `decisions/${object}`;

/** Appends `record` to the audit; as a decision about a subject, it also becomes that subject's last one. */
export const appendRecord = (tx: SharedTransaction, record: AuditRecord, isLastDecision: boolean): void => {
  const bytes = encodeAuditRecord(record);
  tx.sealed.appendAudit(AUDIT_LANE, bytes);
  if (isLastDecision) tx.sealed.put(KERNEL_COLLECTION, pathOf(record.object), bytes);
  bytes.fill(0);
};

/** The last decision about `object`, if there ever was one. `tx` sees the kernel's collection. */
export const readLastDecision = (tx: ModuleTransaction, object: string): Promise<AuditRecord | undefined> =>
  tx.get(form, pathOf(object));

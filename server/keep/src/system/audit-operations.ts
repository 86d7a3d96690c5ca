// The audit record as people read it, and the proof that it is whole.

import { audit, type OutputOf, ok } from '@chatelaine/contract';
import type { AuditEntry, Store } from '@chatelaine/store';
import { readAnchor, type Vault, verifyAuditChain } from '@chatelaine/vault';
import { AUDIT_LANE, decodeAuditRecord } from '../kernel/audit-record.ts';
import { type BoundOperation, direct, stream } from '../kernel/module.ts';
import type { Recorder } from '../kernel/recorder.ts';

const SCANNED_AT_ONCE = 500;
const SCANNED_AT_MOST = 5_000;

type View = audit.AuditRecordView;

const viewOf = (vault: Vault, entry: AuditEntry): View => {
  const opened = vault.openAudit(entry);
  try {
    const { format, facts, ...record } = decodeAuditRecord(opened.bytes);
    return { sequence: entry.sequence, ...record, facts: [...facts] };
  } finally {
    opened.release();
  }
};

const headSequence = async (store: Store): Promise<number> =>
  (await store.auditHeads()).find((head) => head.lane === AUDIT_LANE)?.sequence ?? 0;

const listNewestFirst = async (
  vault: Vault,
  store: Store,
  {
    limit,
    before,
    object,
  }: { readonly limit: number; readonly before?: number | undefined; readonly object?: string | undefined },
): Promise<OutputOf<typeof audit.list>> => {
  const records: View[] = [];
  let next = (before ?? (await headSequence(store)) + 1) - 1;
  for (let scanned = 0; next >= 1 && records.length < limit && scanned < SCANNED_AT_MOST; ) {
    const from = Math.max(1, next - SCANNED_AT_ONCE + 1);
    const entries = await store.audit(AUDIT_LANE, { from, limit: next - from + 1 });
    scanned += next - from + 1;
    let reached = from - 1;
    for (const entry of entries.toReversed()) {
      const view = viewOf(vault, entry);
      if (object !== undefined && view.object !== object && !view.facts.some(({ value }) => value === object)) continue;
      records.push(view);
      if (records.length === limit) {
        reached = entry.sequence - 1;
        break;
      }
    }
    next = reached;
  }
  return next >= 1 ? { records, next: next + 1 } : { records };
};

async function* tail(vault: Vault, store: Store, recorder: Recorder, signal: AbortSignal): AsyncGenerator<View> {
  let wake: () => void = () => undefined;
  const stop = recorder.onCommit(() => wake());
  signal.addEventListener('abort', () => wake());
  try {
    let seen = await headSequence(store);
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const entries = await store.audit(AUDIT_LANE, { from: seen + 1, limit: SCANNED_AT_ONCE });
      for (const entry of entries) {
        yield viewOf(vault, entry);
        seen = entry.sequence;
      }
      if (entries.length === 0 && !signal.aborted) await woken;
    }
  } finally {
    stop();
  }
}

/** Binds `audit.list` and `audit.tail`, which need the keep open. */
export const auditOperations = (vault: Vault, store: Store, recorder: Recorder): readonly BoundOperation[] => [
  direct(audit.list, async ({ input }) => ok(await listNewestFirst(vault, store, input))),
  stream(audit.tail, async (_call, signal) => tail(vault, store, recorder, signal)),
];

/** Binds `audit.verify`, which works on sealed bytes. */
export const auditVerification = (store: Store, anchorPath: string): BoundOperation =>
  stream(audit.verify, async () => {
    const anchor = await readAnchor(anchorPath);
    return anchor.kind === 'refused' ? anchor : verifyAuditChain(store, anchor.value);
  });

// Walks a lane of the audit chain and names the first place where it breaks. It proves that what is there was chained in this
// order and that nothing is missing up to the head; that the head itself is the newest needs a witness outside the store.

import { auditHash, firstAuditHash } from './audit-hash.ts';
import { MAX_PAGE, type Store } from './store.ts';

/** `missing`: no record of this sequence. `altered`: payload or hash do not follow from the one before. `beyond-head`: after the newest. */
export type LaneVerdict =
  | { readonly kind: 'intact'; readonly sequence: number; readonly hash: Uint8Array }
  | { readonly kind: 'missing' | 'altered' | 'beyond-head'; readonly sequence: number };

/** Checks a whole lane, or what follows a record that is known already. A lane without records is intact at 0. */
export const verifyAuditLane = async (
  store: Pick<Store, 'audit' | 'auditHeads'>,
  lane: number,
  known: { readonly sequence: number; readonly hash: Uint8Array } = { sequence: 0, hash: firstAuditHash },
): Promise<LaneVerdict> => {
  const head = (await store.auditHeads()).find((each) => each.lane === lane);
  const end = head?.sequence ?? 0;
  let { sequence, hash } = known;
  while (sequence < end) {
    const entries = await store.audit(lane, { from: sequence + 1, limit: MAX_PAGE });
    if (entries.length === 0) return { kind: 'missing', sequence: sequence + 1 };
    for (const entry of entries) {
      if (entry.sequence > end) break;
      if (entry.sequence !== sequence + 1) return { kind: 'missing', sequence: sequence + 1 };
      const expected = auditHash({ lane, sequence: entry.sequence, previous: hash, payload: entry.payload });
      if (!expected.equals(entry.hash)) return { kind: 'altered', sequence: entry.sequence };
      sequence = entry.sequence;
      hash = entry.hash;
    }
  }
  if (head !== undefined && Buffer.compare(head.hash, hash) !== 0) return { kind: 'altered', sequence };
  // Commits may have gone on since the head was read; a record beyond the head of now belongs to nobody.
  const endNow = (await store.auditHeads()).find((each) => each.lane === lane)?.sequence ?? 0;
  const [beyond] = await store.audit(lane, { from: endNow + 1, limit: 1 });
  if (beyond !== undefined) {
    const endThen = (await store.auditHeads()).find((each) => each.lane === lane)?.sequence ?? 0;
    if (beyond.sequence > endThen) return { kind: 'beyond-head', sequence: beyond.sequence };
  }
  return { kind: 'intact', sequence, hash };
};

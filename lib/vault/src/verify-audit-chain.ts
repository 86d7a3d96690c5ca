// Checks the whole audit and names the first place where it is broken. Needs no key: the hashes are over sealed bytes. What
// the chain alone cannot tell, that nothing was cut off its end or rewritten from some place on, the anchor tells.

import { type AuditEntry, type AuditHead, auditHash, firstAuditHash, MAX_PAGE, type Store } from '@chatelaine/store';
import type { AnchoredState } from './anchor.ts';

/**
 * `altered`: a record, or the one before it, was changed. `missing`: none of this sequence. `out-of-order`: another record lies
 * here, or one that was never appended. `truncated`: the end was cut off. `rewritten`: not the record that the anchor
 * knows. `unreadable`: the store cannot read it.
 */
export type AuditFault = 'missing' | 'altered' | 'out-of-order' | 'truncated' | 'rewritten' | 'unreadable';

/** What a check says; the last one is `intact` or `broken`. The form of the operation `audit.verify`. */
export type AuditCheck =
  | { readonly kind: 'progress'; readonly checked: number; readonly total: number }
  | {
      readonly kind: 'intact';
      readonly records: number;
      /** How many of them, from the first, the anchor vouches for. */
      readonly anchored: number;
    }
  | {
      readonly kind: 'broken';
      readonly lane: number;
      readonly sequence: number;
      readonly fault: AuditFault;
      readonly explanation: string;
    };

type Broken = Extract<AuditCheck, { readonly kind: 'broken' }>;

interface LaneState {
  readonly lane: number;
  /** The last record that is good. */
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** The hash before that one. */
  readonly before: Uint8Array;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const follows = ({ lane, hash }: LaneState, entry: AuditEntry, sequence: number): boolean =>
  isSame(auditHash({ lane, sequence, previous: hash, payload: entry.payload }), entry.hash);

/** Says what is wrong at the first record that does not follow; `rest` are the records from there on. */
const explainBreak = (state: LaneState, rest: readonly AuditEntry[]): Broken => {
  const { lane, sequence: last, before } = state;
  const sequence = last + 1;
  const broken = (at: number, fault: AuditFault, explanation: string): Broken => ({
    kind: 'broken',
    lane,
    sequence: at,
    fault,
    explanation,
  });
  const [here, next] = rest;
  if (here === undefined) return broken(sequence, 'missing', `record ${sequence} is not there`);
  if (here.sequence !== sequence) {
    const until =
      here.sequence === sequence + 1 ? `record ${sequence} is` : `records ${sequence} to ${here.sequence - 1} are`;
    return broken(sequence, 'missing', `${until} not there`);
  }
  const moved = rest.find((entry) => entry !== here && follows(state, entry, sequence));
  if (moved !== undefined) {
    return broken(sequence, 'out-of-order', `the record that belongs here lies at ${moved.sequence}`);
  }
  if (last > 0 && follows({ ...state, hash: before }, here, last)) {
    return broken(
      last,
      'out-of-order',
      `a record that was never appended lies here; its place belongs to the one at ${sequence}`,
    );
  }
  const carriesOn = next !== undefined && follows({ ...state, hash: here.hash }, next, sequence + 1);
  const explanation = carriesOn
    ? `record ${sequence} is not what it was when record ${sequence + 1} was appended`
    : `record ${sequence} does not follow from what is before it: one of the two was changed`;
  return broken(sequence, 'altered', explanation);
};

const unreadable = (lane: number, sequence: number, error: unknown): Broken => {
  const explanation = `the store cannot read on: ${error instanceof Error ? error.message : 'nobody knows why'}`;
  return { kind: 'broken', lane, sequence, fault: 'unreadable', explanation };
};

/** Reads some records; where the store cannot, finds the first record that it cannot read. */
const readRecords = async (
  store: Store,
  lane: number,
  from: number,
  limit: number,
): Promise<readonly AuditEntry[] | Broken> => {
  for (let tried = limit; ; tried = Math.ceil(tried / 2)) {
    try {
      return await store.audit(lane, { from, limit: tried });
    } catch (error) {
      if (tried > 1) continue;
      const why = error instanceof Error ? error.message : 'of an unknown reason';
      return {
        kind: 'broken',
        lane,
        sequence: from,
        fault: 'unreadable',
        explanation: `the store cannot read on: ${why}`,
      };
    }
  }
};

/** Checks one lane up to `end`; gives the number of good records now and then, and returns what is broken, if anything. */
async function* checkLane(
  store: Store,
  options: {
    readonly lane: number;
    readonly end: AuditHead | undefined;
    readonly anchored: AuditHead | undefined;
    readonly batch: number;
  },
): AsyncGenerator<number, Broken | undefined> {
  const { lane, end, anchored, batch } = options;
  const last = end?.sequence ?? 0;
  const broken = (sequence: number, fault: AuditFault, explanation: string): Broken => ({
    kind: 'broken',
    lane,
    sequence,
    fault,
    explanation,
  });
  let state: LaneState = { lane, sequence: 0, hash: firstAuditHash, before: firstAuditHash };
  while (state.sequence < last) {
    const entries = await readRecords(store, lane, state.sequence + 1, batch);
    if ('kind' in entries) return entries;
    if (entries.length === 0) {
      return broken(state.sequence + 1, 'truncated', `the audit ends here, its newest record was ${last}`);
    }
    for (const [index, entry] of entries.entries()) {
      const sequence = state.sequence + 1;
      if (sequence > last) break;
      if (entry.sequence !== sequence || !follows(state, entry, sequence)) {
        // What lies further on tells a moved record from a changed one.
        const ahead = await readRecords(store, lane, sequence, MAX_PAGE);
        return explainBreak(state, 'kind' in ahead ? entries.slice(index) : ahead);
      }
      if (sequence === anchored?.sequence && !isSame(entry.hash, anchored.hash)) {
        return broken(sequence, 'rewritten', 'the chain holds, but this is not the record that the anchor knows');
      }
      state = { lane, sequence, hash: entry.hash, before: state.hash };
    }
    yield state.sequence;
  }
  if (end !== undefined && !isSame(end.hash, state.hash)) {
    return broken(last, 'altered', 'the newest record is not the one that was appended last');
  }
  if (anchored !== undefined && anchored.sequence > last) {
    return broken(
      last + 1,
      'truncated',
      `the audit ends before this record, the anchor knows record ${anchored.sequence}`,
    );
  }
  return undefined;
}

/** A record after the newest one, which no commit wrote. */
const findBeyondHead = async (store: Store, lane: number): Promise<Broken | undefined> => {
  const headNow = async (): Promise<number> =>
    (await store.auditHeads()).find((head) => head.lane === lane)?.sequence ?? 0;
  const found = await readRecords(store, lane, (await headNow()) + 1, 1);
  if ('kind' in found) return found;
  const [beyond] = found;
  // Commits go on meanwhile: only what is beyond a head read later than the record was never appended.
  if (beyond === undefined || beyond.sequence <= (await headNow())) return undefined;
  const explanation = 'it lies after the newest record and was never appended';
  return { kind: 'broken', lane, sequence: beyond.sequence, fault: 'out-of-order', explanation };
};

/**
 * Checks all lanes from the first record to the newest at the start; commits may go on. Works without a key.
 *
 * @param anchor read before the call. While sealed nothing vouches for it but its place outside the store.
 * @param options.batch records between two reports and turns of the event loop, 1 to 1,000
 */
export async function* verifyAuditChain(
  store: Store,
  anchor?: AnchoredState,
  options: { readonly batch?: number } = {},
): AsyncGenerator<AuditCheck> {
  const batch = Math.min(options.batch ?? MAX_PAGE, MAX_PAGE);
  const heads = await store.auditHeads().catch((error: unknown) => unreadable(0, 1, error));
  if ('kind' in heads) {
    yield heads;
    return;
  }
  const anchors = anchor?.heads ?? [];
  const total = heads.reduce((sum, head) => sum + head.sequence, 0);
  const lanes = [...new Set([...heads, ...anchors].map(({ lane }) => lane))].sort((a, b) => a - b);
  let done = 0;
  for (const lane of lanes) {
    const end = heads.find((head) => head.lane === lane);
    const anchored = anchors.find((head) => head.lane === lane);
    const check = checkLane(store, { lane, end, anchored, batch });
    let step = await check.next();
    for (; step.done !== true; step = await check.next()) yield { kind: 'progress', checked: done + step.value, total };
    const broken = step.value ?? (await findBeyondHead(store, lane));
    if (broken !== undefined) {
      yield broken;
      return;
    }
    done += end?.sequence ?? 0;
  }
  yield { kind: 'intact', records: done, anchored: anchors.reduce((sum, head) => sum + head.sequence, 0) };
}

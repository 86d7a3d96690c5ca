// How the writer thread answers: one outcome a transaction, in the order in which the transactions were sent.

import { ByteReader, ByteWriter } from './thread-bytes.ts';

/** What a key held before a put or delete; `undefined` if it was absent. */
export type Before = { readonly value: Uint8Array; readonly revision: number } | undefined;

/** What became of one transaction. */
export type Outcome =
  | {
      readonly kind: 'committed';
      readonly revision: number;
      /** In the order of the appends. */
      readonly audit: readonly { readonly sequence: number; readonly hash: Uint8Array }[];
      /** Of the puts, then of the deletes. */
      readonly before: readonly Before[];
    }
  /** The index of the condition that did not hold. */
  | { readonly kind: 'conflict'; readonly condition: number }
  | { readonly kind: 'failed'; readonly reason: FailureReason };

/** Why nothing was written: the disk is full, another program has the file locked, or a page is damaged. */
type FailureReason = (typeof failureReasons)[number];

const failureReasons = ['disk-full', 'busy', 'damaged'] as const;
const kinds = ['committed', 'conflict', 'failed'] as const;

const encodeCommitted = (out: ByteWriter, outcome: Outcome & { kind: 'committed' }): void => {
  out.int(outcome.revision);
  out.u32(outcome.audit.length);
  for (const { sequence, hash } of outcome.audit) {
    out.int(sequence);
    out.bytes(hash);
  }
  out.u32(outcome.before.length);
  for (const before of outcome.before) {
    out.int(before?.revision ?? 0);
    if (before === undefined) continue;
    out.u32(before.value.length);
    out.bytes(before.value);
  }
};

/** Encodes the outcomes of a group. */
export const encodeOutcomes = (outcomes: readonly Outcome[]): Uint8Array<ArrayBuffer> => {
  const out = new ByteWriter(outcomes.length * 128);
  for (const outcome of outcomes) {
    out.u8(kinds.indexOf(outcome.kind));
    if (outcome.kind === 'committed') encodeCommitted(out, outcome);
    else if (outcome.kind === 'conflict') out.u32(outcome.condition);
    else out.u8(failureReasons.indexOf(outcome.reason));
  }
  return out.finish();
};

const decodeCommitted = (input: ByteReader): Outcome => {
  const revision = input.int();
  const audit: { sequence: number; hash: Uint8Array }[] = [];
  for (let count = input.u32(); count > 0; count--)
    audit.push({ sequence: input.int(), hash: new Uint8Array(input.bytes(32)) });
  const before: Before[] = [];
  for (let count = input.u32(); count > 0; count--) {
    const at = input.int();
    before.push(at === 0 ? undefined : { revision: at, value: new Uint8Array(input.bytes(input.u32())) });
  }
  return { kind: 'committed', revision, audit, before };
};

/** Decodes the outcomes of a group; their byte arrays are copies. */
export const decodeOutcomes = (message: Uint8Array): Outcome[] => {
  const input = new ByteReader(message);
  const outcomes: Outcome[] = [];
  while (!input.isAtEnd) {
    const kind = kinds[input.u8()];
    if (kind === 'committed') outcomes.push(decodeCommitted(input));
    else if (kind === 'conflict') outcomes.push({ kind, condition: input.u32() });
    else outcomes.push({ kind: 'failed', reason: failureReasons[input.u8()] ?? 'damaged' });
  }
  return outcomes;
};

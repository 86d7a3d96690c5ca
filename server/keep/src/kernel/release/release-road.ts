// Step 3 of the road, where a secret or a verdict leaves. Every attempt decides anew on fresh records, and its commit
// holds only if those records are still the same: that is the second decision, taken right before the secret is sent. What
// is handed out was recorded durably before.

import { ok, type Result, refuse } from '@chatelaine/contract';
import type { LinkHandler } from '@chatelaine/link';
import type { Admission } from '../admission.ts';
import type { AuditRecord } from '../audit-record.ts';
import type { Clock } from '../clock.ts';
import { appendRecord } from '../last-decision.ts';
import type { Call, ReleaseOutcome } from '../module.ts';
import type { Answered } from '../module-loader.ts';
import type { SharedTransaction } from '../module-transaction.ts';
import type { OpenState } from '../open-state.ts';
import { objectOf } from '../recorder.ts';
import { asserted, type Decision } from './decision.ts';

type Reply = Awaited<ReturnType<LinkHandler['call']>>;
type ReleaseOperation = Answered & { readonly kind: 'release' };
type Attempt = Reply | 'again' | { readonly waitUntilUnixMs: number; readonly object: string };

const MAX_CONFLICTS = 16;

const recordWord = { release: 'released', refuse: 'refused', wait: 'waiting' } as const;

/** A release always; a wait when it begins; a refusal that changes nothing unless its kind was recorded often enough this minute. */
const isToBeRecorded = ({ verdict }: Decision, announced: boolean, admits: () => boolean): boolean => {
  if (verdict === 'release') return true;
  return verdict === 'wait' ? !announced : admits();
};

const sourceOf = (input: unknown): string => {
  const address = (input as { source?: { address?: unknown } }).source?.address;
  return typeof address === 'string' ? address : '';
};

const replyOf = (outcome: ReleaseOutcome<unknown>): Result<unknown> => {
  if (outcome.decision.verdict === 'release') return ok(outcome.output);
  return refuse(outcome.decision.verdict === 'refuse' ? outcome.decision.code : 'internal');
};

/** Takes one release through decision, record and answer. */
export class ReleaseRoad {
  readonly #open: OpenState;
  readonly #clock: Clock;

  constructor(open: OpenState, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  async take(bound: ReleaseOperation, call: Call<unknown>, admission: Admission, signal: AbortSignal): Promise<Reply> {
    let over: (() => void) | undefined;
    const whenOver = (work: () => void): void => {
      over ??= work;
    };
    try {
      return await this.#decide(bound, { ...call, whenOver }, admission, signal);
    } finally {
      over?.();
    }
  }

  async #decide(
    bound: ReleaseOperation,
    call: Call<unknown>,
    admission: Admission,
    signal: AbortSignal,
  ): Promise<Reply> {
    let { moment } = call;
    let announced = false;
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; ) {
      const { changes } = this.#open.waiting;
      const begun = await admission.begin();
      if (begun.kind === 'refused') return { result: begun };
      const tx = begun.value;
      let attempt: Attempt | undefined;
      try {
        attempt = await this.#attempt(bound, { ...call, moment }, tx, announced);
      } finally {
        // A reply releases the records itself, once it was encoded.
        if (attempt === undefined || attempt === 'again' || !('result' in attempt)) tx.release();
      }
      if (attempt === 'again') {
        conflicts++;
      } else if ('result' in attempt) {
        return { ...attempt, dispose: () => tx.release() };
      } else {
        announced = true;
        const longestMs = attempt.waitUntilUnixMs - this.#clock.nowUnixMs();
        await this.#open.waiting.nextChange(attempt.object, changes, longestMs, signal);
        if (signal.aborted) return { result: refuse('cancelled') };
        const clockBehindMs = this.#open.clockGuard.behindMs();
        moment = { ...moment, nowUnixMs: this.#clock.nowUnixMs(), clockBehindMs };
      }
    }
    return { result: refuse('conflict') };
  }

  async #attempt(
    bound: ReleaseOperation,
    call: Call<unknown>,
    tx: SharedTransaction,
    announced: boolean,
  ): Promise<Attempt> {
    const { recorder } = this.#open;
    const after: (() => void)[] = [];
    const attempt = { ...call, afterCommit: (work: () => void) => after.push(work) };
    const outcome = await bound.handler(attempt as unknown as Call<never>, tx.of(bound.module));
    const { decision } = outcome;
    const record = this.#recordOf(bound, call, outcome);
    const reply: Attempt =
      decision.verdict === 'wait'
        ? { waitUntilUnixMs: decision.untilUnixMs, object: record.object }
        : { result: replyOf(outcome) };
    if (outcome.subject === undefined) recorder.tally.count(record, sourceOf(call.input));
    else if (isToBeRecorded(decision, announced, () => !tx.sealed.isEmpty || recorder.tally.admits(record))) {
      appendRecord(tx, record, true);
      const committed = await tx.sealed.commit();
      if (committed.kind === 'conflict') return 'again';
      if (committed.kind === 'refused') return { result: committed };
      recorder.noteCommit(committed);
    }
    for (const work of after) work();
    this.#count(record);
    return reply;
  }

  #count({ decision, code }: AuditRecord): void {
    if (decision === 'waiting') return;
    const labels = code === undefined ? { decision } : { decision, code };
    this.#open.metrics.count('chatelaine_decisions_total', 'Decisions about secrets that were asked for.', labels);
  }

  #recordOf(bound: ReleaseOperation, call: Call<unknown>, outcome: ReleaseOutcome<unknown>): AuditRecord {
    const { decision, subject } = outcome;
    const object = objectOf(bound.module, subject ?? '');
    return this.#open.recorder.compose(call.principal, bound.operation.name, object, recordWord[decision.verdict], {
      facts: call.source === undefined ? decision.facts : [asserted('source', call.source), ...decision.facts],
      ...(decision.verdict === 'refuse' && { code: decision.code }),
      ...(decision.verdict !== 'release' && { condition: decision.condition }),
    });
  }
}

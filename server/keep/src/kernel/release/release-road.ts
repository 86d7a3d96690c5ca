// Step 3 of the road, where a secret or a verdict leaves. Every attempt decides anew on fresh records, and its commit
// holds only if those records are still the same: that is the second decision, taken right before the secret is sent. What
// is handed out was recorded durably before.

import { ok, type Refused, type Result, refuse } from '@chatelaine/contract';
import type { LinkHandler, LinkRequest } from '@chatelaine/link';
import type { Admission } from '../admission.ts';
import type { AuditRecord } from '../audit-record.ts';
import type { Clock } from '../clock.ts';
import { appendRecord, KERNEL_COLLECTION } from '../last-decision.ts';
import type { Call, ReleaseOutcome } from '../module.ts';
import type { Answered } from '../module-loader.ts';
import type { SharedTransaction } from '../module-transaction.ts';
import type { OpenState } from '../open-state.ts';
import { objectOf } from '../recorder.ts';
import { RequestResult } from '../request-results.ts';
import { asserted, type Decision, type Fact, proved } from './decision.ts';

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

const sayRefusal = ({ inOwnWords }: ReleaseOutcome<unknown>, refused: Refused): Result<unknown> =>
  inOwnWords === undefined ? refused : ok(inOwnWords(refused));

const replyOf = (outcome: ReleaseOutcome<unknown>): Result<unknown> => {
  const { decision, output } = outcome;
  if (decision.verdict === 'release') return ok(output);
  if (decision.verdict === 'wait') return refuse('internal');
  return sayRefusal(outcome, refuse(decision.code, decision.detail));
};

const wipeAll = ({ wipe = [] }: ReleaseOutcome<unknown>): void => {
  for (const bytes of wipe) bytes.fill(0);
};

/** A reply was lost, and is asked for again by whoever it was for. */
const releasedAgain = (subject: string, output: unknown): ReleaseOutcome<unknown> => {
  const facts: readonly Fact[] = [proved('asked-again', true)];
  return { subject, isRemembered: false, decision: { verdict: 'release', facts }, output };
};

/** Takes one release through decision, record and answer. */
export class ReleaseRoad {
  readonly #open: OpenState;
  readonly #clock: Clock;

  constructor(open: OpenState, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  async take(
    bound: ReleaseOperation,
    call: Call<unknown>,
    admission: Admission,
    request: Pick<LinkRequest, 'requestId' | 'signal'>,
  ): Promise<Reply> {
    let over: (() => void) | undefined;
    const whenOver = (work: () => void): void => {
      over ??= work;
    };
    try {
      const reply = await this.#decide(bound, { ...call, whenOver }, admission, request);
      const dispose = (): void => {
        reply.dispose?.();
        over?.();
      };
      return { ...reply, dispose };
    } catch (error) {
      over?.();
      throw error;
    }
  }

  async #decide(
    bound: ReleaseOperation,
    call: Call<unknown>,
    admission: Admission,
    { requestId, signal }: Pick<LinkRequest, 'requestId' | 'signal'>,
  ): Promise<Reply> {
    const { operation } = bound;
    const kept =
      requestId === undefined ? undefined : new RequestResult(call.principal, requestId, operation.name, call.input);
    let { moment } = call;
    let announced = false;
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; ) {
      const { changes } = this.#open.waiting;
      const begun = await admission.begin();
      if (begun.kind === 'refused') return { result: begun };
      const tx = begun.value;
      let attempt: Attempt | undefined;
      try {
        attempt = await this.#attempt(bound, { ...call, moment }, tx, announced, kept);
      } finally {
        // A reply releases the records itself, once it was encoded.
        if (attempt === undefined || attempt === 'again' || !('result' in attempt)) tx.release();
      }
      if (attempt === 'again') {
        conflicts++;
      } else if ('result' in attempt) {
        const { dispose } = attempt;
        return {
          ...attempt,
          dispose: () => {
            tx.release();
            dispose?.();
          },
        };
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
    kept: RequestResult | undefined,
  ): Promise<Attempt> {
    const after: (() => void)[] = [];
    const attempt = { ...call, afterCommit: (work: () => void) => after.push(work) };
    const earlier = await kept?.find(tx.of(KERNEL_COLLECTION));
    if (earlier?.kind === 'other') {
      return { result: refuse('conflict', { field: 'requestId', message: 'was used for something else' }) };
    }
    const outcome: ReleaseOutcome<unknown> =
      earlier?.kind === 'same'
        ? releasedAgain(bound.operation.path(call.input), earlier.output)
        : await bound.handler(attempt as unknown as Call<never>, tx.of(bound.module));
    if (earlier?.kind === 'none' && outcome.decision.verdict === 'release') {
      kept?.keep(tx.of(KERNEL_COLLECTION), outcome.output, call.moment.nowUnixMs);
    }
    let isAnswered = false;
    try {
      const reply = await this.#finish(bound, call, tx, announced, outcome, after);
      isAnswered = reply !== 'again' && 'result' in reply;
      return reply;
    } finally {
      if (!isAnswered) wipeAll(outcome);
    }
  }

  async #finish(
    bound: ReleaseOperation,
    call: Call<unknown>,
    tx: SharedTransaction,
    announced: boolean,
    outcome: ReleaseOutcome<unknown>,
    after: readonly (() => void)[],
  ): Promise<Attempt> {
    const { recorder } = this.#open;
    const { decision } = outcome;
    const record = this.#recordOf(bound, call, outcome);
    const dispose = (): void => wipeAll(outcome);
    const reply: Attempt =
      decision.verdict === 'wait'
        ? { waitUntilUnixMs: decision.untilUnixMs, object: record.object }
        : { result: replyOf(outcome), dispose };
    if (outcome.subject === undefined) recorder.tally.count(record, sourceOf(call.input));
    else if (isToBeRecorded(decision, announced, () => !tx.sealed.isEmpty || recorder.tally.admits(record))) {
      appendRecord(tx, record, outcome.isRemembered !== false);
      const committed = await tx.sealed.commit({ mayUseReserve: decision.verdict === 'release' });
      if (committed.kind === 'conflict') return 'again';
      if (committed.kind === 'refused') return { result: sayRefusal(outcome, committed), dispose };
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

// Reads, changes and reports. A change, its audit record and its kept result are one transaction; a conflict repeats the
// attempt on fresh records. A change is answered when store and anchor both durably know it; a report when the store does.

import { ok, refuse } from '@chatelaine/contract';
import type { LinkHandler } from '@chatelaine/link';
import type { Log } from '@chatelaine/process';
import type { Admission } from './admission.ts';
import { appendRecord, KERNEL_COLLECTION } from './last-decision.ts';
import type { Call } from './module.ts';
import type { Answered } from './module-loader.ts';
import type { SharedTransaction } from './module-transaction.ts';
import type { OpenState } from './open-state.ts';
import { objectOf } from './recorder.ts';
import { asserted, type Fact, proved } from './release/decision.ts';
import { RequestResult } from './request-results.ts';

type Reply = Awaited<ReturnType<LinkHandler['call']>>;
type AnswerOperation = Answered & { readonly kind: 'answer' };
type ReportOperation = Answered & { readonly kind: 'report' };
type Attempt = (tx: SharedTransaction) => Promise<Reply | 'again'>;

const MAX_CONFLICTS = 16;

const sourceFacts = ({ source }: Call<unknown>): readonly Fact[] =>
  source === undefined ? [] : [asserted('source', source)];

/** Hears what a handler says of its attempt. */
const watchAttempt = (call: Call<unknown>) => {
  const touched: string[] = [];
  const notes: Fact[] = [];
  const after: (() => void)[] = [];
  const attempt: Call<unknown> = {
    ...call,
    touch: (path) => touched.push(path),
    note: (fact) => notes.push(fact),
    afterCommit: (work) => after.push(work),
  };
  return { attempt, touched, notes, after };
};

/** Takes one read, change or report to its answer. */
export class AnswerRoad {
  readonly #open: OpenState;
  readonly #log: Log;

  constructor(open: OpenState, log: Log) {
    this.#open = open;
    this.#log = log;
  }

  /** Takes one read or change to its answer. */
  async take(
    bound: AnswerOperation,
    call: Call<unknown>,
    admission: Admission,
    requestId: string | undefined,
  ): Promise<Reply> {
    if (bound.operation.kind === 'read') return await this.#repeat(admission, (tx) => this.#read(bound, call, tx));
    const over: (() => void)[] = [];
    const whenOver = (work: () => void): void => void over.push(work);
    const end = (): void => {
      for (const work of over) work();
    };
    try {
      const reply = await this.#repeat(admission, (tx) => this.#change(bound, { ...call, whenOver }, tx, requestId));
      const dispose = (): void => {
        reply.dispose?.();
        end();
      };
      return { ...reply, dispose };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Takes what was seen to its answer. */
  async takeReport(bound: ReportOperation, call: Call<unknown>, admission: Admission): Promise<Reply> {
    return await this.#repeat(admission, (tx) => this.#report(bound, call, tx));
  }

  async #repeat(admission: Admission, attemptOnce: Attempt): Promise<Reply> {
    for (let attempts = 0; attempts < MAX_CONFLICTS; attempts++) {
      const begun = await admission.begin();
      if (begun.kind === 'refused') return { result: begun };
      const tx = begun.value;
      let reply: Reply | 'again' | undefined;
      try {
        reply = await attemptOnce(tx);
      } finally {
        // A reply releases the records itself, once it was encoded.
        if (reply === undefined || reply === 'again') tx.release();
      }
      if (reply !== 'again') return { ...reply, dispose: () => tx.release() };
    }
    return { result: refuse('conflict') };
  }

  async #read(bound: AnswerOperation, call: Call<unknown>, tx: SharedTransaction): Promise<Reply> {
    return { result: await bound.handler(call as Call<never>, tx.of(bound.module)) };
  }

  async #change(
    bound: AnswerOperation,
    call: Call<unknown>,
    tx: SharedTransaction,
    requestId: string | undefined,
  ): Promise<Reply | 'again'> {
    const { recorder, waiting } = this.#open;
    const { operation } = bound;
    const object = objectOf(bound.module, operation.path(call.input));
    const own = tx.of(KERNEL_COLLECTION);
    const kept =
      requestId === undefined ? undefined : new RequestResult(call.principal, requestId, operation.name, call.input);
    const earlier = await kept?.find(own);
    if (earlier?.kind === 'same') return await this.#anchored(ok(earlier.output));
    if (earlier?.kind === 'other') {
      return { result: refuse('conflict', { field: 'requestId', message: 'was used for something else' }) };
    }
    const { attempt, touched, notes, after } = watchAttempt(call);
    const result = await bound.handler(attempt as Call<never>, tx.of(bound.module));
    if (result.kind === 'refused') {
      const facts = sourceFacts(call);
      await recorder.write([
        recorder.compose(call.principal, operation.name, object, 'refused', { code: result.code, facts }),
      ]);
      return { result };
    }
    kept?.keep(own, result.value, call.moment.nowUnixMs);
    const facts = [
      ...sourceFacts(call),
      ...touched.map((path) => proved('subject', objectOf(bound.module, path))),
      ...notes,
    ];
    const more = { facts, ...(requestId !== undefined && { requestId }) };
    appendRecord(tx, recorder.compose(call.principal, operation.name, object, 'changed', more), false);
    const committed = await tx.sealed.commit();
    if (committed.kind === 'conflict') return 'again';
    if (committed.kind === 'refused') return { result: committed };
    recorder.noteCommit(committed);
    for (const work of after) work();
    waiting.wake(object);
    for (const path of touched) waiting.wake(objectOf(bound.module, path));
    return await this.#anchored(result);
  }

  /** A change that the anchor does not know is not answered as done: whoever asks again, with the same id, may hear better. */
  async #anchored(result: Reply['result']): Promise<Reply> {
    try {
      await this.#open.recorder.anchor();
      return { result };
    } catch (error) {
      this.#log.error({ err: error }, 'the anchor could not be written');
      return {
        result: refuse('unavailable', { message: 'it is done, but the anchor of the store cannot be written' }),
      };
    }
  }

  async #report(bound: ReportOperation, call: Call<unknown>, tx: SharedTransaction): Promise<Reply | 'again'> {
    const { recorder, waiting } = this.#open;
    const { attempt, touched, after } = watchAttempt(call);
    const { result, differences } = await bound.handler(attempt as Call<never>, tx.of(bound.module));
    if (result.kind === 'refused') return { result };
    for (const { path, facts } of differences) {
      const object = objectOf(bound.module, path);
      appendRecord(tx, recorder.compose(call.principal, bound.operation.name, object, 'changed', { facts }), false);
    }
    if (!tx.sealed.isEmpty) {
      const committed = await tx.sealed.commit();
      if (committed.kind === 'conflict') return 'again';
      if (committed.kind === 'refused') return { result: committed };
      recorder.noteCommit(committed);
    }
    for (const work of after) work();
    for (const path of touched) waiting.wake(objectOf(bound.module, path));
    return { result };
  }
}

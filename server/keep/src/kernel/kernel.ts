// The one road through the keep: who asks, may they, what is decided, and the record of it in the same transaction.
// Nothing leaves before its record is durable; nothing is looked up before policy allowed the question.

import {
  capabilityFor,
  checkInput,
  ok,
  type RefusalCode,
  type Refused,
  type Result,
  refuse,
} from '@chatelaine/contract';
import type { LinkHandler, LinkPeer, LinkRequest } from '@chatelaine/link';
import type { Log } from '@chatelaine/process';
import { DamagedRecordError } from '@chatelaine/vault';
import { Admission, identify, SYSTEM, type TurnedAway } from './admission.ts';
import { AnswerRoad } from './answer-road.ts';
import type { Clock } from './clock.ts';
import { KERNEL_COLLECTION } from './last-decision.ts';
import type { BoundOperation, Call } from './module.ts';
import type { Answered } from './module-loader.ts';
import { RecordFormError, SharedTransaction } from './module-transaction.ts';
import type { OpenState } from './open-state.ts';
import { type Principal, principalId } from './principal.ts';
import { objectOf } from './recorder.ts';
import { asserted } from './release/decision.ts';
import { ReleaseRoad } from './release/release-road.ts';
import { forgetOldResults } from './request-results.ts';

const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

export interface KernelOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Operations of the keep itself that work while it is sealed too: direct ones and streams. */
  readonly always: readonly BoundOperation[];
}

type Reply = Awaited<ReturnType<LinkHandler['call']>>;

interface Admitted {
  readonly bound: Answered;
  readonly call: Call<unknown>;
  /** Absent while the keep is sealed: then no road is open. */
  readonly admission?: Admission;
}

export class Kernel implements LinkHandler {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #always = new Map<string, Answered>();
  #open: OpenState | undefined;
  #answers: AnswerRoad | undefined;
  #releases: ReleaseRoad | undefined;

  constructor(options: KernelOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    for (const bound of options.always) this.#always.set(bound.operation.name, { ...bound, module: SYSTEM });
  }

  /** What there is only while the keep is open. */
  get open(): OpenState | undefined {
    return this.#open;
  }

  /** Begins to answer the modules' operations. */
  unseal(state: OpenState): void {
    this.#open = state;
    this.#answers = new AnswerRoad(state, this.#log);
    this.#releases = new ReleaseRoad(state, this.#clock);
  }

  /** Deletes results nobody can ask for any more; called now and then, never in the way of a request. */
  async forgetOldResults(): Promise<void> {
    const vault = this.#open?.vault;
    if (vault === undefined) return;
    let cursor: string | undefined;
    do {
      const tx = new SharedTransaction(vault);
      try {
        const page = await forgetOldResults(tx.of(KERNEL_COLLECTION), this.#clock.nowUnixMs(), cursor);
        if (page.deleted > 0) await tx.sealed.commit();
        cursor = page.cursor;
      } finally {
        tx.release();
      }
    } while (cursor !== undefined);
  }

  async call(peer: LinkPeer, request: LinkRequest): Promise<Reply> {
    let admission: Admission | undefined;
    try {
      const admitted = await this.#admit(peer, request);
      if (admitted.kind === 'refused') return { result: admitted };
      const { bound, call } = admitted.value;
      admission = admitted.value.admission;
      if (bound.kind === 'stream')
        return { result: refuse('invalid-input', { field: 'operation', message: 'is a stream' }) };
      if (bound.kind === 'direct') return { result: await bound.handler(call as Call<never>) };
      if (admission === undefined || this.#releases === undefined || this.#answers === undefined) {
        return { result: refuse('sealed') };
      }
      if (bound.kind === 'release') return await this.#releases.take(bound, call, admission, request);
      if (bound.kind === 'answer') return await this.#answers.take(bound, call, admission, request.requestId);
      return await this.#answers.takeReport(bound, call, admission);
    } catch (error) {
      return { result: this.#failed(peer, request, error) };
    } finally {
      admission?.end();
    }
  }

  async stream(peer: LinkPeer, request: LinkRequest): Promise<Refused | AsyncIterable<unknown>> {
    try {
      const admitted = await this.#admit(peer, request);
      if (admitted.kind === 'refused') return admitted;
      const { bound, call, admission } = admitted.value;
      admission?.end();
      if (bound.kind !== 'stream') {
        return refuse('invalid-input', { field: 'operation', message: 'is not a stream' });
      }
      return await bound.handler(call as Call<never>, request.signal);
    } catch (error) {
      return this.#failed(peer, request, error);
    }
  }

  // Steps 1 and 2 of the road: who, and may they. The order is fixed: nothing is looked up before policy.
  async #admit(peer: LinkPeer, request: LinkRequest): Promise<Result<Admitted>> {
    const open = this.#open;
    const bound = this.#always.get(request.operation) ?? open?.modules.operations.get(request.operation);
    if (bound === undefined) return refuse(open === undefined ? 'sealed' : 'unknown-operation');
    const tx = open && new SharedTransaction(open.vault);
    let admitted: Result<Admitted> | undefined;
    try {
      admitted = await this.#admitTo(bound, peer, request, tx);
      return admitted;
    } finally {
      if (admitted?.kind !== 'ok') tx?.release();
    }
  }

  async #admitTo(
    bound: Answered,
    peer: LinkPeer,
    request: LinkRequest,
    tx: SharedTransaction | undefined,
  ): Promise<Result<Admitted>> {
    const open = this.#open;
    const { operation } = bound;
    const askedAtUnixMs = this.#clock.nowUnixMs();
    const moment = () => ({
      nowUnixMs: this.#clock.nowUnixMs(),
      askedAtUnixMs,
      clockBehindMs: open?.clockGuard.behindMs() ?? 0,
    });
    const question = { peer, request, operation, moment };
    const found = await identify(question, open, tx);
    if (found.kind === 'turned-away') return await this.#turnAway(found, operation.name, request.source);
    const principal = found.value;
    if (request.requestId !== undefined && !REQUEST_ID.test(request.requestId)) {
      return refuse('invalid-input', { field: 'requestId', message: 'must be 8 to 64 of A-Z, a-z, 0-9, _ and -' });
    }
    const input = checkInput(operation, request.input);
    if (input.kind === 'refused') return input;
    const path = operation.path(input.value);
    // While sealed no grant can be read: what works then is bounded by the operation's roles alone.
    const capability = capabilityFor(operation, input.value);
    const admission = open && tx && new Admission(open, { question, principal, capability, path }, tx);
    if (admission !== undefined && !(await admission.decide())) {
      return await this.#deny(principal, operation.name, objectOf(bound.module, path), 'policy', request.source);
    }
    const nothing = (): void => undefined;
    const call = {
      input: input.value,
      principal,
      moment: moment(),
      request,
      touch: nothing,
      note: nothing,
      afterCommit: nothing,
      whenOver: nothing,
      ...((request.credential !== undefined || operation.http?.isOpen === true) &&
        request.source !== undefined && { source: request.source }),
    };
    return ok({ bound, call, ...(admission !== undefined && { admission }) });
  }

  async #turnAway(
    { principal, refused, condition }: TurnedAway,
    operation: string,
    source: string | undefined,
  ): Promise<Refused> {
    if (condition !== undefined) return await this.#deny(principal, operation, '', condition, source);
    const recorder = this.#open?.recorder;
    recorder?.tally.count(
      recorder.compose(principal, operation, '', 'refused', { code: refused.code, condition: 'credential' }),
      source ?? '',
    );
    return refused;
  }

  async #deny(
    principal: Principal,
    operation: string,
    object: string,
    condition: string,
    source?: string,
  ): Promise<Refused> {
    const recorder = this.#open?.recorder;
    const facts = source === undefined ? [] : [asserted('source', source)];
    const record = recorder?.compose(principal, operation, object, 'refused', { code: 'denied', condition, facts });
    if (recorder !== undefined && record !== undefined && recorder.tally.admits(record)) await recorder.write([record]);
    return refuse('denied');
  }

  #failed({ role, identity }: LinkPeer, request: LinkRequest, error: unknown): Refused {
    const isDamage = error instanceof DamagedRecordError || error instanceof RecordFormError;
    const code: RefusalCode = isDamage ? 'damaged' : 'internal';
    this.#log.error(
      { operation: request.operation, who: principalId({ role, identity }), err: error },
      'a request failed',
    );
    return refuse(code);
  }
}

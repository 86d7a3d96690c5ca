// The one road through the keep: who asks, may they, what is decided, and the record of it in the same transaction.
// Nothing leaves before its audit record is durable; nothing is looked up before policy allowed the question.

import { checkInput, type Operation, ok, type Refused, type RefusalCode, type Result, refuse } from '@chatelaine/contract';
import type { LinkHandler, LinkPeer, LinkRequest } from '@chatelaine/link';
import type { Log } from '@chatelaine/process';
import { wipe } from '@chatelaine/secret';
import type { Vault } from '@chatelaine/vault';
import { type AuditRecord, encodeAuditRecord } from './audit-record.ts';
import type { Clock } from './clock.ts';
import { lastDecision, lastDecisionPath } from './last-decision.ts';
import type { BoundOperation, Call, ReleaseOutcome } from './module.ts';
import type { Answered, LoadedModules } from './module-loader.ts';
import { SharedTransaction } from './module-transaction.ts';
import { evaluatePolicy, type Grant } from './policy.ts';
import { type Principal, principalId } from './principal.ts';
import { RefusalTally } from './refusal-tally.ts';
import type { Moment } from './release/decision.ts';
import { forgetOldResults, RequestResult } from './request-results.ts';

/** The kernel's own sealed collection. */
export const KERNEL_COLLECTION = 'kernel';

const MAX_ATTEMPTS = 16;

/** What the keep knows while it is open. */
export interface OpenState {
  readonly vault: Vault;
  readonly modules: LoadedModules;
  readonly grants: readonly Grant[];
  /** Notes a durable change; resolves when the anchor outside the store knows it. */
  readonly advanceAnchor: (committed: Committed) => Promise<void>;
}

interface Committed {
  readonly revision: number;
  readonly audit: readonly { readonly lane: number; readonly sequence: number; readonly hash: Uint8Array }[];
}

export interface KernelOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Operations of the keep itself that work while it is sealed. */
  readonly always: readonly BoundOperation[];
}

type Reply = Awaited<ReturnType<LinkHandler['call']>>;

const only = (result: Result<unknown>): Reply => ({ result });

/** What a request is about, as the audit and `why` name it. */
const objectOf = (module: string, path: string): string => (path === '' ? '' : `${module}/${path}`);

const sourceOf = (input: unknown): string => {
  const source = (input as { source?: { address?: unknown } }).source?.address;
  return typeof source === 'string' ? source : '';
};

export class Kernel implements LinkHandler {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #always = new Map<string, Answered>();
  readonly #tally = new RefusalTally();
  readonly #waiting = new Map<string, Set<() => void>>();
  #open: OpenState | undefined;

  constructor(options: KernelOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    for (const bound of options.always) this.#always.set(bound.operation.name, { ...bound, module: 'system' });
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  get open(): OpenState | undefined {
    return this.#open;
  }

  /** Begins to answer the modules' operations. */
  unseal(state: OpenState): void {
    this.#open = state;
  }

  /** Writes what is still only counted. Called each minute and before the end. */
  async flushTally(everything = false): Promise<void> {
    const records = this.#tally.take(this.#clock.nowUnixMs(), everything);
    for (let at = 0; at < records.length; at += 50) {
      await this.#record(records.slice(at, at + 50));
    }
  }

  /** Deletes results nobody can ask for any more; called now and then, never in the way of a request. */
  async forgetOldResults(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    let cursor: string | undefined;
    do {
      const tx = new SharedTransaction(open.vault);
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
    const asked = await this.#admit(peer, request);
    if (asked.kind === 'refused') return only(asked);
    const { bound, call, principal } = asked.value;
    try {
      if (bound.kind === 'release') return await this.#release(bound, call, request.signal);
      if (bound.kind === 'answer') return await this.#answer(bound, call, request.requestId);
      return only(refuse('invalid-input', { message: `${bound.operation.name} is a stream` }));
    } catch (error) {
      this.#log.error({ operation: bound.operation.name, who: principalId(principal), err: error }, 'request failed');
      return only(refuse('internal'));
    }
  }

  async stream(peer: LinkPeer, request: LinkRequest): Promise<Refused | AsyncIterable<unknown>> {
    const asked = await this.#admit(peer, request);
    if (asked.kind === 'refused') return asked;
    const { bound, call } = asked.value;
    if (bound.kind !== 'stream') return refuse('invalid-input', { message: `${request.operation} is not a stream` });
    return await bound.handler(call as Call<never>, request.signal);
  }

  // Steps 1 and 2 of the road: who, and may they. The order is fixed: nothing is looked up before policy.
  async #admit(
    peer: LinkPeer,
    request: LinkRequest,
  ): Promise<Result<{ bound: Answered; call: Call<unknown>; principal: Principal }>> {
    const principal: Principal = { role: peer.role, identity: peer.identity };
    const bound = this.#always.get(request.operation) ?? this.#open?.modules.operations.get(request.operation);
    if (bound === undefined) return refuse(this.isOpen ? 'unknown-operation' : 'sealed');
    const operation: Operation = bound.operation;
    if (!operation.roles.includes(peer.role)) return await this.#deny(principal, operation, '', 'role');
    const input = checkInput(operation, request.input);
    if (input.kind === 'refused') return input;
    const path = operation.path(input.value);
    const grants = this.#open?.grants ?? [];
    // While sealed there are no grants to read: what works then is bounded by the operation's roles alone.
    if (this.isOpen && !evaluatePolicy(grants, principal, operation.capability, path).allowed) {
      return await this.#deny(principal, operation, objectOf(bound.module, path), 'policy');
    }
    const now = this.#clock.nowUnixMs();
    const moment: Moment = { nowUnixMs: now, askedAtUnixMs: now };
    return ok({ bound, principal, call: { input: input.value, principal, moment, request } });
  }

  async #deny(principal: Principal, operation: Operation, object: string, condition: string): Promise<Refused> {
    const record = this.#recordOf(principal, operation.name, object, 'refused', { code: 'denied', condition });
    if (this.isOpen && this.#tally.admits(record)) await this.#record([record]);
    return refuse('denied');
  }

  async #answer(
    bound: Answered & { kind: 'answer' },
    call: Call<unknown>,
    requestId: string | undefined,
  ): Promise<Reply> {
    const { operation } = bound;
    if (this.#always.has(operation.name)) return only(await bound.handler(call as Call<never>, noTransaction));
    const open = this.#opened();
    const object = objectOf(bound.module, operation.path(call.input));
    const earlier =
      operation.kind === 'change' && requestId !== undefined
        ? new RequestResult(call.principal, requestId, operation.name, call.input)
        : undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const tx = new SharedTransaction(open.vault);
      const own = tx.of(KERNEL_COLLECTION);
      const found = await earlier?.find(own);
      if (found?.kind === 'same') return { result: ok(found.output), dispose: () => tx.release() };
      if (found?.kind === 'other') {
        tx.release();
        return only(refuse('conflict', { field: 'requestId', message: 'this request id was used for something else' }));
      }
      const result = await bound.handler(call as Call<never>, tx.of(bound.module));
      if (operation.kind === 'read') return { result, dispose: () => tx.release() };
      if (result.kind === 'refused') {
        tx.release();
        await this.#record([this.#recordOf(call.principal, operation.name, object, 'refused', { code: result.code })]);
        return only(result);
      }
      earlier?.keep(own, result.value, call.moment.nowUnixMs);
      const facts = requestId === undefined ? {} : { requestId };
      this.#append(tx, this.#recordOf(call.principal, operation.name, object, 'changed', facts));
      const committed = await tx.sealed.commit();
      if (committed.kind === 'committed') {
        this.#wake(object);
        await open.advanceAnchor(committed);
        return { result, dispose: () => tx.release() };
      }
      tx.release();
      if (committed.kind === 'refused') return only(refuse(committed.code as RefusalCode));
    }
    return only(refuse('conflict'));
  }

  // Step 3 of the road. Every attempt decides anew on fresh records, and the commit holds only if those records are still
  // the same: that is the second decision, taken right before the secret leaves.
  async #release(bound: Answered & { kind: 'release' }, call: Call<unknown>, signal: AbortSignal): Promise<Reply> {
    const open = this.#opened();
    let moment = call.moment;
    let announced = false;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; ) {
      const tx = new SharedTransaction(open.vault);
      const outcome = await bound.handler({ ...call, moment } as Call<never>, tx.of(bound.module));
      const { decision } = outcome;
      if (decision.verdict === 'wait') {
        tx.release();
        const object = objectOf(bound.module, outcome.subject ?? '');
        const woken = this.#nextChange(object, decision.untilUnixMs, signal);
        if (!announced) await this.#record([this.#recordOfDecision(bound, call, outcome)]);
        announced = true;
        await woken;
        if (signal.aborted) return only(refuse('cancelled'));
        moment = { ...moment, nowUnixMs: this.#clock.nowUnixMs() };
        continue;
      }
      attempt++;
      const record = this.#recordOfDecision(bound, call, outcome);
      const reply = this.#replyOf(outcome);
      if (outcome.subject === undefined) {
        tx.release();
        this.#tally.count(record, sourceOf(call.input));
        return only(reply);
      }
      if (decision.verdict === 'refuse' && !this.#tally.admits(record)) {
        tx.release();
        return only(reply);
      }
      tx.of(KERNEL_COLLECTION).put(lastDecision, lastDecisionPath(record.object), { format: 1, record });
      this.#append(tx, record);
      const committed = await tx.sealed.commit();
      if (committed.kind === 'committed') {
        void open.advanceAnchor(committed).catch((error: unknown) => this.#log.error({ err: error }, 'anchor failed'));
        return { result: reply, dispose: () => tx.release() };
      }
      tx.release();
      if (committed.kind === 'refused') return only(refuse(committed.code as RefusalCode));
    }
    return only(refuse('conflict'));
  }

  #replyOf(outcome: ReleaseOutcome<unknown>): Result<unknown> {
    if (outcome.decision.verdict === 'release') return ok(outcome.output);
    return refuse(outcome.decision.verdict === 'refuse' ? outcome.decision.code : 'internal');
  }

  #opened(): OpenState {
    if (this.#open === undefined) throw new Error('the keep is sealed');
    return this.#open;
  }

  #recordOf(
    principal: Principal,
    operation: string,
    object: string,
    decision: AuditRecord['decision'],
    more: Partial<AuditRecord>,
  ): AuditRecord {
    const atUnixMs = this.#clock.nowUnixMs();
    return { atUnixMs, who: principalId(principal), operation, object, decision, facts: [], ...more };
  }

  #recordOfDecision(bound: Answered, call: Call<unknown>, outcome: ReleaseOutcome<unknown>): AuditRecord {
    const { decision } = outcome;
    const word = { release: 'released', refuse: 'refused', wait: 'waiting' } as const;
    return this.#recordOf(
      call.principal,
      bound.operation.name,
      objectOf(bound.module, outcome.subject ?? ''),
      word[decision.verdict],
      {
        facts: [...decision.facts],
        ...(decision.verdict === 'refuse' && { code: decision.code }),
        ...(decision.verdict !== 'release' && { condition: decision.condition }),
      },
    );
  }

  #append(tx: SharedTransaction, record: AuditRecord): void {
    const bytes = encodeAuditRecord(record);
    tx.sealed.appendAudit(0, bytes);
    wipe(bytes);
  }

  /** Writes records that belong to no other change. A full disk is not allowed to turn a refusal into a failure. */
  async #record(records: readonly AuditRecord[]): Promise<void> {
    if (this.#open === undefined || records.length === 0) return;
    const tx = new SharedTransaction(this.#open.vault);
    for (const record of records) {
      this.#append(tx, record);
      if (record.decision === 'waiting') {
        tx.of(KERNEL_COLLECTION).put(lastDecision, lastDecisionPath(record.object), { format: 1, record });
      }
    }
    const committed = await tx.sealed.commit();
    if (committed.kind !== 'committed') this.#log.warn({ kind: committed.kind }, 'audit record not written');
  }

  #wake(object: string): void {
    for (const wake of this.#waiting.get(object) ?? []) wake();
  }

  /** Resolves at the next change of `object`, at `untilUnixMs`, or when the peer is gone. */
  #nextChange(object: string, untilUnixMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(object) ?? new Set();
      this.#waiting.set(object, waiting);
      const longestTimerMs = 2 ** 31 - 1;
      const delay = Math.min(Math.max(untilUnixMs - this.#clock.nowUnixMs(), 0), longestTimerMs);
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiting.delete(end);
        if (waiting.size === 0) this.#waiting.delete(object);
        resolve();
      };
      const timer = setTimeout(end, delay);
      waiting.add(end);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}

/** Operations that work while sealed own no records: any touch of one is a bug. */
const noTransaction = new Proxy({} as never, {
  get: () => {
    throw new Error('an operation that works while sealed has no records');
  },
});

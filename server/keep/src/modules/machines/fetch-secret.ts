// A machine asks for its disk password. Who it is, is what its handshake proves; a key id is never taken from anybody.
// A peer that proves nothing, or whose key is unknown, is a stranger: it learns nothing and is only counted.

import { isDeepStrictEqual } from 'node:util';
import { type InputOf, machines, type RefusalCode } from '@chatelaine/contract';
import { type BoundOperation, type Call, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { asserted, type Decision, decideRelease, type Fact } from '../../kernel/release/decision.ts';
import { isExpired, released } from './liveness.ts';
import {
  findByKeyId,
  type MachineState,
  putState,
  readState,
  requireMachine,
  requireSecret,
} from './machine-record.ts';
import type { KnownMachine, MachinesContext } from './machines-context.ts';
import { readSubject } from './read-subject.ts';
import { factsOfRequest, isReleasedAtEnd, type ReleaseSubject, releaseConditions } from './release-conditions.ts';

type FetchCall = Call<InputOf<typeof machines.fetch>>;
type Waiting = Extract<Decision, { readonly verdict: 'wait' }>;

const REQUEST_ID_BYTES = 16;

const refuseStranger = (
  code: RefusalCode,
  condition: string,
  facts: readonly Fact[],
): { readonly decision: Decision } => ({
  decision: { verdict: 'refuse', code, condition, facts },
});

/** Puts a changed state on record and tells of it. */
const keep = (
  context: MachinesContext,
  call: FetchCall,
  tx: ModuleTransaction,
  before: MachineState,
  now: KnownMachine,
): void => {
  if (isDeepStrictEqual(before, now.state)) return;
  putState(tx, now.name, now.state);
  if (!isExpired(before) && isExpired(now.state)) {
    call.afterCommit(() => context.events.tell({ kind: 'expired', name: now.name }));
  }
  context.tell(call, now);
};

/** The request waits for people; from now on they can see it. */
const beginToWait = (
  context: MachinesContext,
  call: FetchCall,
  { name, ...subject }: ReleaseSubject & { readonly name: string },
  keyId: string,
  wait: Waiting,
): void => {
  const { pending, events } = context;
  const { address } = call.input.source;
  const { askedAtUnixMs } = call.moment;
  const requestId = context.services.random(REQUEST_ID_BYTES).toString('hex');
  const { machine, state } = subject;
  const now = { name, machine, state };
  call.afterCommit(() => {
    pending.add(call.request, {
      ...{ requestId, name, keyId, address, askedAtUnixMs },
      untilUnixMs: wait.untilUnixMs,
      ...{ votes: new Map(), codes: new Map() },
    });
    events.tell({
      ...{ kind: 'waiting', name, requestId, address },
      delayMs: wait.untilUnixMs - askedAtUnixMs,
      releasedAtEnd: isReleasedAtEnd(subject),
    });
    context.tellChanged(now);
  });
  call.whenOver(() => {
    pending.remove(call.request);
    context.tellChanged(now);
  });
};

export const fetchSecret = (context: MachinesContext): BoundOperation =>
  release(machines.fetch, async (call, tx) => {
    const { input, moment, request } = call;
    const { address } = input.source;
    const proof = context.services.proofs.check(input.proof, request);
    if (proof.kind === 'refused') return refuseStranger(proof.code, 'identity', [asserted('address', address)]);
    const { keyId } = proof.value;
    const facts = factsOfRequest(proof.value, input.source);
    const name = await findByKeyId(tx, keyId);
    if (name === undefined) {
      call.afterCommit(() => context.events.tell({ kind: 'unknown-key', keyId, address }));
      return refuseStranger('not-found', 'identity', facts);
    }
    const machine = await requireMachine(tx, name);
    const before = await readState(tx, name, machine);
    const known = context.settle(name, machine, before, moment.nowUnixMs);
    const waiting = context.pending.of(request);
    const subject = await readSubject(context, tx, known, keyId, waiting);
    const decision = decideRelease(releaseConditions, subject, moment, facts);
    if (decision.verdict === 'wait') {
      if (waiting !== undefined) return { subject: name, decision };
      if (context.pending.isFullFor(name)) {
        return { subject: name, decision: { ...decision, verdict: 'refuse', code: 'busy' } };
      }
      const state = { ...known.state, lastApprovalRequestAtUnixMs: moment.askedAtUnixMs };
      putState(tx, name, state);
      beginToWait(context, call, { ...subject, name, state }, keyId, decision);
      return { subject: name, decision };
    }
    if (decision.verdict === 'refuse') {
      keep(context, call, tx, before, known);
      call.afterCommit(() => context.events.tell({ kind: 'refused', name, code: decision.code, address }));
      return { subject: name, decision };
    }
    const secret = await requireSecret(tx, name);
    const state = { ...known.state, ...released({ name, ...machine }, known.state, moment.nowUnixMs) };
    keep(context, call, tx, before, { ...known, state });
    call.afterCommit(() => context.events.tell({ kind: 'released', name, address }));
    return { subject: name, decision, output: { secret } };
  });

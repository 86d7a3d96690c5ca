// People decide about requests that wait.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { verifySshSignature } from '../../kernel/ssh-signature.ts';
import { findApprover, standingVotes } from './approvers.ts';
import { findMachine } from './change-machine.ts';
import { effectiveRule, readRules } from './effective-rule.ts';
import { putState } from './machine-record.ts';
import type { MachinesContext } from './machines-context.ts';
import type { PendingRequest, Vote } from './pending-requests.ts';
import { readPendingSubject } from './read-subject.ts';
import { asksAdministrator, isReleasedAtEnd, type ReleaseSubject } from './release-conditions.ts';

const viewOf = (pending: PendingRequest, subject: ReleaseSubject): machines.PendingRequest => {
  const { votes, codes, ...shown } = pending;
  const { rule, approvedBy, codeGiven } = subject;
  const { approval, oneTimeCode } = rule;
  return {
    ...shown,
    releasedAtEnd: isReleasedAtEnd(subject),
    ...(approval !== undefined && { required: approval.required }),
    approvers: [...(approval?.approvers ?? [])],
    approvedBy: [...approvedBy],
    ...(oneTimeCode !== undefined && { codeOf: oneTimeCode }),
    ...(codeGiven !== undefined && { codeGivenBy: codeGiven.user }),
  };
};

const pending = (context: MachinesContext): BoundOperation =>
  answer(machines.pending, async ({ moment }, tx) => {
    const requests: machines.PendingRequest[] = [];
    for (const waiting of context.pending.all()) {
      const subject = await readPendingSubject(context, tx, waiting, moment.nowUnixMs);
      if (subject !== undefined) requests.push(viewOf(waiting, subject));
    }
    return ok({ storeId: context.services.storeId, requests });
  });

const vote = (context: MachinesContext): BoundOperation =>
  answer(machines.vote, async ({ input, moment, touch, note, afterCommit }, tx) => {
    const { requestId, approver, approve, signature } = input;
    const waiting = context.pending.find(requestId);
    const rule = waiting && (await readPendingSubject(context, tx, waiting, moment.nowUnixMs))?.rule;
    if (waiting === undefined || rule === undefined) return refuse('not-found');
    const key = await findApprover(tx, approver);
    const isNamed = rule.approval?.approvers.includes(approver) === true;
    if (!isNamed || rule.approval === undefined || key === undefined || key.keyId === waiting.keyId) {
      return refuse('not-an-approver');
    }
    const message = machines.approvalText(context.services.storeId, { ...waiting, approve });
    const { blob, fingerprint } = key;
    if (!verifySshSignature(signature, { blob, namespace: machines.APPROVAL_NAMESPACE, message })) {
      return refuse('bad-proof');
    }
    const earlier = waiting.votes.get(approver);
    if (earlier?.approve === approve && earlier.fingerprint === fingerprint) return refuse('replayed');
    const cast: Vote = { approver, fingerprint, approve };
    note({ name: 'approver', value: approver, assurance: 'proved' });
    note({ name: 'approve', value: approve, assurance: 'proved' });
    note({ name: 'request', value: requestId, assurance: 'proved' });
    touch(waiting.name);
    afterCommit(() => waiting.votes.set(approver, cast));
    const votes = new Map([...waiting.votes, [approver, cast]]);
    const { approvedBy } = await standingVotes(tx, { ...waiting, votes }, rule, waiting.keyId);
    return ok({ approvedBy: [...approvedBy], required: rule.approval.required });
  });

const approve = (context: MachinesContext): BoundOperation =>
  answer(machines.approve, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const { name, machine } = known;
    const rule = effectiveRule(await readRules(tx), name, machine.settings);
    if (rule.approval !== undefined) return refuse('needs-signatures');
    const isOnlyForCode = rule.oneTimeCode !== undefined && !asksAdministrator({ rule, machine });
    if (isOnlyForCode && call.input.approve) return refuse('needs-code');
    const untilUnixMs = call.moment.nowUnixMs + machine.settings.approvalDurationMs;
    const state = { ...known.state, approval: { approve: call.input.approve, untilUnixMs } };
    putState(tx, name, state);
    call.note({ name: 'approve', value: call.input.approve, assurance: 'proved' });
    context.tell(call, { name, machine, state });
    return ok({ untilUnixMs });
  });

export const approveRequests = (context: MachinesContext): readonly BoundOperation[] =>
  [pending, vote, approve].map((bind) => bind(context));

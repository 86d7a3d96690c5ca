// People decide about requests that wait.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { verifySshSignature } from '../../kernel/ssh-signature.ts';
import { findApprover, standingVotes } from './approvers.ts';
import { findMachine } from './change-machine.ts';
import { type EffectiveRule, effectiveRule, readRules } from './effective-rule.ts';
import { putState, readMachine } from './machine-record.ts';
import type { MachinesContext } from './machines-context.ts';
import type { PendingRequest, Vote } from './pending-requests.ts';

const ruleOf = async (
  tx: ModuleTransaction,
  name: string,
): Promise<{ readonly rule: EffectiveRule; readonly settings: machines.MachineSettings } | undefined> => {
  const machine = await readMachine(tx, name);
  if (machine === undefined) return undefined;
  return { rule: effectiveRule(await readRules(tx), name, machine.settings), settings: machine.settings };
};

const viewOf = async (tx: ModuleTransaction, pending: PendingRequest): Promise<machines.PendingRequest | undefined> => {
  const found = await ruleOf(tx, pending.name);
  if (found === undefined) return undefined;
  const { votes, ...shown } = pending;
  const { approval } = found.rule;
  const { approvedBy } = await standingVotes(tx, pending, found.rule, pending.keyId);
  return {
    ...shown,
    releasedAtEnd: approval === undefined && found.settings.approvedByDefault,
    ...(approval !== undefined && { required: approval.required }),
    approvers: [...(approval?.approvers ?? [])],
    approvedBy: [...approvedBy],
  };
};

const pending = (context: MachinesContext): BoundOperation =>
  answer(machines.pending, async (_call, tx) => {
    const requests: machines.PendingRequest[] = [];
    for (const waiting of context.pending.all()) {
      const view = await viewOf(tx, waiting);
      if (view !== undefined) requests.push(view);
    }
    return ok({ storeId: context.services.storeId, requests });
  });

const vote = (context: MachinesContext): BoundOperation =>
  answer(machines.vote, async ({ input, touch, note, afterCommit }, tx) => {
    const { requestId, approver, approve, signature } = input;
    const waiting = context.pending.find(requestId);
    const rule = waiting && (await ruleOf(tx, waiting.name))?.rule;
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
    const untilUnixMs = call.moment.nowUnixMs + machine.settings.approvalDurationMs;
    const state = { ...known.state, approval: { approve: call.input.approve, untilUnixMs } };
    putState(tx, name, state);
    call.note({ name: 'approve', value: call.input.approve, assurance: 'proved' });
    context.tell(call, { name, machine, state });
    return ok({ untilUnixMs });
  });

export const approveRequests = (context: MachinesContext): readonly BoundOperation[] =>
  [pending, vote, approve].map((bind) => bind(context));

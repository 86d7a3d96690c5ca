// What a decision about a machine's request is about, read in one transaction, so that everything in it is a condition of the
// commit.

import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { standingVotes } from './approvers.ts';
import { standingCode } from './code-givers.ts';
import { effectiveRule, readRules } from './effective-rule.ts';
import { readMachine, readState } from './machine-record.ts';
import type { KnownMachine, MachinesContext } from './machines-context.ts';
import type { PendingRequest } from './pending-requests.ts';
import type { ReleaseSubject } from './release-conditions.ts';

/** The subject of a request with the key `keyId`; `pending` is what was signed and given for it, if it waits. */
export const readSubject = async (
  { services }: MachinesContext,
  tx: ModuleTransaction,
  { name, machine, state }: KnownMachine,
  keyId: string,
  pending: PendingRequest | undefined,
): Promise<ReleaseSubject> => {
  const rule = effectiveRule(await readRules(tx), name, machine.settings);
  const votes = await standingVotes(tx, pending, rule, keyId);
  return { machine, state, rule, ...votes, codeGiven: await standingCode(services, tx, pending, rule) };
};

/** The subject of a request that waits; `undefined` if its machine is gone. */
export const readPendingSubject = async (
  context: MachinesContext,
  tx: ModuleTransaction,
  pending: PendingRequest,
  nowUnixMs: number,
): Promise<ReleaseSubject | undefined> => {
  const { name, keyId } = pending;
  const machine = await readMachine(tx, name);
  if (machine === undefined) return undefined;
  const known = context.settle(name, machine, await readState(tx, name, machine), nowUnixMs);
  return await readSubject(context, tx, known, keyId, pending);
};

// People whose signatures count, and whether a signature that was given still does.

import { machines, ok, refuse } from '@chatelaine/contract';
import * as z from 'zod';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';
import { parseSshPublicKey, type SshPublicKey } from '../../kernel/ssh-signature.ts';
import type { EffectiveRule } from './effective-rule.ts';
import type { MachinesContext } from './machines-context.ts';
import type { PendingRequest } from './pending-requests.ts';

const form = defineRecord('approver', z.strictObject({ format: z.literal(1), publicKey: z.string() }));
const FOLDER = 'approvers';
const pathOf = (name: string): string => `${FOLDER}/${name}`;
const PAGE = 100;

/** The key of a person, if that person may approve anything. */
export const findApprover = async (tx: ModuleTransaction, name: string): Promise<SshPublicKey | undefined> => {
  const record = await tx.get(form, pathOf(name));
  return record && parseSshPublicKey(record.publicKey);
};

/**
 * The votes on a request that count at this moment: of people whom the rule names, who are still approvers with the key they
 * signed with. Nobody approves with the very key that asks.
 */
export const standingVotes = async (
  tx: ModuleTransaction,
  pending: PendingRequest | undefined,
  rule: EffectiveRule,
  keyId: string,
): Promise<{ readonly approvedBy: readonly string[]; readonly deniedBy: readonly string[] }> => {
  const approvedBy: string[] = [];
  const deniedBy: string[] = [];
  for (const vote of pending?.votes.values() ?? []) {
    if (rule.approval?.approvers.includes(vote.approver) !== true) continue;
    const key = await findApprover(tx, vote.approver);
    if (key === undefined || key.fingerprint !== vote.fingerprint || key.keyId === keyId) continue;
    (vote.approve ? approvedBy : deniedBy).push(vote.approver);
  }
  return { approvedBy, deniedBy };
};

const wakeAll = (context: MachinesContext, touch: (path: string) => void): void => {
  for (const name of new Set(context.pending.all().map((pending) => pending.name))) touch(name);
};

const add = answer(machines.addApprover, async ({ input, note }, tx) => {
  const key = parseSshPublicKey(input.publicKey);
  if (key === undefined) {
    const message = 'must be an Ed25519, ECDSA, security key or RSA key of at least 2,048 bits';
    return refuse('invalid-input', { field: 'publicKey', message });
  }
  const replaced = (await tx.get(form, pathOf(input.name))) !== undefined;
  tx.put(form, pathOf(input.name), { format: 1, publicKey: input.publicKey.trim() });
  note({ name: 'approver', value: input.name, assurance: 'proved' });
  note({ name: 'fingerprint', value: key.fingerprint, assurance: 'proved' });
  return ok({ fingerprint: key.fingerprint, replaced });
});

const remove = (context: MachinesContext): BoundOperation =>
  answer(machines.removeApprover, async ({ input, note, touch }, tx) => {
    if ((await tx.get(form, pathOf(input.name))) === undefined) return refuse('not-found');
    tx.delete(pathOf(input.name));
    note({ name: 'approver', value: input.name, assurance: 'proved' });
    wakeAll(context, touch);
    return ok({});
  });

const list = answer(machines.approvers, async (_call, tx) => {
  const approvers: { name: string; publicKey: string; fingerprint: string }[] = [];
  let cursor: string | undefined;
  do {
    const page = await tx.list(form, FOLDER, cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor });
    for (const { path, value } of page.records) {
      const fingerprint = parseSshPublicKey(value.publicKey)?.fingerprint ?? '';
      approvers.push({ name: path.slice(FOLDER.length + 1), publicKey: value.publicKey, fingerprint });
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ok({ approvers: approvers.toSorted((one, other) => (one.name < other.name ? -1 : 1)) });
});

export const keepApprovers = (context: MachinesContext): readonly BoundOperation[] => [add, remove(context), list];

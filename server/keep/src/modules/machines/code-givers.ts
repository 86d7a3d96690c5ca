// People whose one-time code counts for a machine, and whether a code that was given still does.

import { type machines, type Refused, refuse } from '@chatelaine/contract';
import type { ModuleServices } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { areCodesKnown, CODE_MODULES } from '../../otp/spend-code.ts';
import type { EffectiveRule } from './effective-rule.ts';
import type { CodeGiven, PendingRequest } from './pending-requests.ts';

/** What the module `users` says of somebody. */
interface Person {
  readonly enabled: boolean;
  readonly groups: readonly string[];
  readonly since: number;
}

/** Somebody whom the rule names, or one of whose groups; whether they are let in is another question. */
export const findGiver = async (
  { isLoaded, ask }: ModuleServices,
  tx: ModuleTransaction,
  { users, groups }: machines.CodeRule,
  name: string,
): Promise<Person | undefined> => {
  if (!isLoaded('users')) return undefined;
  const asked = await ask('users', 'person', tx, { name });
  if (asked.kind === 'refused') return undefined;
  const person = asked.value as Person;
  return users.includes(name) || person.groups.some((group) => groups.includes(group)) ? person : undefined;
};

/** A code that was given for a request and counts at this moment: its user is still named, still the same, and let in. */
export const standingCode = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  pending: PendingRequest | undefined,
  { oneTimeCode }: EffectiveRule,
): Promise<CodeGiven | undefined> => {
  if (oneTimeCode === undefined) return undefined;
  for (const given of pending?.codes.values() ?? []) {
    const person = await findGiver(services, tx, oneTimeCode, given.user);
    if (person?.enabled === true && person.since === given.since) return given;
  }
  return undefined;
};

/** A rule that asks for a code where no module knows codes would only ever refuse; `undefined` if that is not so. */
export const refuseCodeRule = (
  services: ModuleServices,
  rule: machines.CodeRule | undefined,
  field: string,
): Refused | undefined => {
  if (rule === undefined || areCodesKnown(services)) return undefined;
  return refuse('invalid-input', { field, message: `needs one of the modules ${CODE_MODULES.join(', ')}` });
};

// `chatelaine policy plan | apply`: the grants as a file says. What has ended by itself, and what is fixed, is no difference.

import { randomUUID } from 'node:crypto';
import { type Client, policy } from '@chatelaine/contract';
import type { ExitName } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { askKeep } from '../instance/ask-keep.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import { answerOf } from '../refused-answer.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatMoment } from '../terminal/moment.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { printable } from '../terminal/printable.ts';
import { keyOf, readAllGrants } from './all-grants.ts';
import { readPolicyFile } from './read-policy-file.ts';

/** What has to change. A grant whose end moves is granted anew. */
export interface PolicyPlan {
  readonly grant: readonly policy.NewGrant[];
  readonly revoke: readonly policy.GrantKey[];
}

/** What makes of the present grants those that are wanted. */
export const planChanges = (present: readonly policy.GrantView[], wanted: readonly policy.NewGrant[]): PolicyPlan => {
  const known = new Map(present.map((grant) => [keyOf(grant), grant]));
  const kept = new Set(wanted.map(keyOf));
  return {
    grant: wanted.filter((grant) => {
      const before = known.get(keyOf(grant));
      return before === undefined || (!before.isFixed && before.expiresAtUnixMs !== grant.expiresAtUnixMs);
    }),
    revoke: present
      .filter((grant) => !grant.isFixed && !kept.has(keyOf(grant)))
      .map(({ principal, capability, path }) => ({ principal, capability, path })),
  };
};

const lineOf = (sign: '+' | '-', { principal, capability, path }: policy.GrantKey, end?: number): string =>
  `${sign} ${printable(`${principal} ${capability} ${path}`)}${end === undefined ? '' : ` until ${formatMoment(end)}`}\n`;

const textOf = ({ grant, revoke }: PolicyPlan): string =>
  [...revoke.map((key) => lineOf('-', key)), ...grant.map((it) => lineOf('+', it, it.expiresAtUnixMs))].join('');

const isEmpty = ({ grant, revoke }: PolicyPlan): boolean => grant.length + revoke.length === 0;

const makePlan = async (client: Client, file: string): Promise<PolicyPlan> => {
  const wanted = await readPolicyFile(file);
  return planChanges(await readAllGrants(client), wanted);
};

export const planPolicy = (file: string, options: GlobalOptions & { readonly json?: boolean }): Promise<ExitName> =>
  askKeep(options, async (client) => {
    const plan = await makePlan(client, file);
    if (options.json === true) await printJson(plan);
    else if (isEmpty(plan)) say('The grants are as the file says.');
    else await print(textOf(plan));
    return isEmpty(plan) ? 'done' : 'refused';
  });

export interface ApplyOptions extends GlobalOptions {
  readonly yes?: boolean;
}

export const applyPolicy = (file: string, options: ApplyOptions): Promise<void> =>
  askKeep(options, async (client) => {
    if (file === '-' && options.yes !== true) {
      throw new Failure('usage', 'A policy from stdin has to be confirmed beforehand.', 'Repeat it with --yes.');
    }
    const plan = await makePlan(client, file);
    if (isEmpty(plan)) return say('The grants are as the file says.');
    await print(textOf(plan));
    await confirm('Apply these changes?', options.yes === true);
    const input = { grant: [...plan.grant], revoke: [...plan.revoke] };
    const { granted, revoked } = answerOf(await client.call(policy.apply, input, { requestId: randomUUID() }), file);
    say(`${granted} granted, ${revoked} revoked.`);
  });

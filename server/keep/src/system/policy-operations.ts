// Policy, explained.

import { ok, policy, roles } from '@chatelaine/contract';
import { type BoundOperation, direct } from '../kernel/module.ts';
import { evaluatePolicy, type Grant } from '../kernel/policy.ts';

/** Binds `policy.test`. */
export const policyOperations = (grants: readonly Grant[]): readonly BoundOperation[] => [
  direct(policy.test, async ({ input }) => {
    const at = input.principal.indexOf(':');
    const role = roles.find((known) => known === input.principal.slice(0, at));
    if (role === undefined) throw new TypeError('the schema lets through a role that does not exist');
    const principal = { role, identity: input.principal.slice(at + 1) };
    const verdict = evaluatePolicy(grants, principal, input.capability, input.path);
    if (!verdict.allowed) return ok({ allowed: false, because: verdict.because });
    const { because } = verdict;
    return ok({ allowed: true, because: `${because.principal} may ${because.capability} on ${because.path}` });
  }),
];

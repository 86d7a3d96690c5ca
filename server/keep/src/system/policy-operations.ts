// The policy as people see and change it. The founding grant and those of our own components stand outside of the records:
// they are shown, never changed.

import { allCapabilities, ok, policy, type Result, refuse } from '@chatelaine/contract';
import { GrantChange, grantsFor, listGrants, type RecordedGrant, readGrants } from '../kernel/grant-records.ts';
import { answer, type BoundOperation, type Call } from '../kernel/module.ts';
import type { ModuleTransaction } from '../kernel/module-transaction.ts';
import { evaluatePolicy, type Grant, matchesCapability, mayEverAsk } from '../kernel/policy.ts';
import type { Principal } from '../kernel/principal.ts';
import { type Moment, proved } from '../kernel/release/decision.ts';
import { findToken, stateOfToken } from '../kernel/token-records.ts';

/** A capability or pattern that includes none is a slip of the pen. */
export const checkCapability = (capability: string, field: string): Result<undefined> =>
  allCapabilities.some((known) => matchesCapability(capability, known))
    ? ok(undefined)
    : refuse('invalid-input', { field, message: 'is no capability of any operation' });

const describe = ({ principal, capability, path }: policy.GrantKey): string => `${principal} ${capability} ${path}`;

/** What is wrong with a grant that has the declared form. */
const checkGrant = (grant: policy.NewGrant, nowUnixMs: number, field: string): Result<undefined> => {
  const known = checkCapability(grant.capability, `${field}capability`);
  if (known.kind === 'refused') return known;
  if (grant.expiresAtUnixMs !== undefined && grant.expiresAtUnixMs <= nowUnixMs) {
    return refuse('invalid-input', { field: `${field}expiresAtUnixMs`, message: 'is over already' });
  }
  return ok(undefined);
};

/** Who holds the credentials of a module, `undefined` for nobody; `tx` is any view of the transaction. */
export type DescribePrincipal = (
  tx: ModuleTransaction,
  role: Principal['role'],
  identity: string,
  moment: Moment,
) => Promise<Principal | 'unknown' | undefined>;

/** The principal that a name stands for, or why it is nobody. */
const principalNamed = async (
  tx: ModuleTransaction,
  name: string,
  moment: Moment,
  describeOther: DescribePrincipal,
): Promise<Principal | string> => {
  const at = name.indexOf(':');
  const [role, identity] = [name.slice(0, at) as Principal['role'], name.slice(at + 1)];
  if (role !== 'token') {
    const found = await describeOther(tx, role, identity, moment);
    return found === 'unknown' ? { role, identity } : (found ?? `no ${role} ${identity} is let in`);
  }
  const { nowUnixMs } = moment;
  const token = await findToken(tx, identity);
  if (token === undefined) return `there is no token ${identity}`;
  const state = stateOfToken(token.record, nowUnixMs);
  return state === 'valid' ? { role, identity, groups: token.record.groups } : `the token ${identity} is ${state}`;
};

const changeGrants = async (
  {
    input,
    moment,
    note,
  }: Call<{ readonly grant: readonly policy.NewGrant[]; readonly revoke: readonly policy.GrantKey[] }>,
  tx: ModuleTransaction,
): Promise<Result<{ granted: number; revoked: number }>> => {
  const changes = new Map<string, GrantChange>();
  const changeOf = async (principal: string): Promise<GrantChange> => {
    const change = changes.get(principal) ?? (await GrantChange.begin(tx, principal, moment));
    changes.set(principal, change);
    return change;
  };
  for (const [index, key] of input.revoke.entries()) {
    if (!(await changeOf(key.principal)).remove(key)) {
      return refuse('not-found', { field: `revoke.${index}`, message: 'there is no such grant' });
    }
    note(proved('revoked', describe(key)));
  }
  let granted = 0;
  for (const [index, grant] of input.grant.entries()) {
    const checked = checkGrant(grant, moment.nowUnixMs, `grant.${index}.`);
    if (checked.kind === 'refused') return checked;
    if (!(await changeOf(grant.principal)).add(grant)) continue;
    granted++;
    note(proved('granted', describe(grant)));
  }
  for (const change of changes.values()) {
    const written = change.write(tx);
    if (written.kind === 'refused') return written;
  }
  return ok({ granted, revoked: input.revoke.length });
};

const viewOf = ({
  principal,
  capability,
  path,
  grantedAtUnixMs,
  expiresAtUnixMs,
}: RecordedGrant): policy.GrantView => ({
  principal,
  capability,
  path,
  grantedAtUnixMs,
  ...(expiresAtUnixMs !== undefined && { expiresAtUnixMs }),
  isFixed: false,
});

/**
 * Binds `policy.test`, `grant`, `revoke`, `list` and `apply`.
 *
 * @param fixed the grants that are no records
 * @param describeOther who somebody is that holds no token; `unknown` if no module knows such people
 */
export const policyOperations = (
  fixed: readonly Grant[],
  describeOther: DescribePrincipal,
): readonly BoundOperation[] => [
  answer(policy.test, async ({ input: { principal: name, capability, path }, moment }, tx) => {
    const principal = await principalNamed(tx, name, moment, describeOther);
    if (typeof principal === 'string') return ok({ allowed: false, because: principal });
    if (!mayEverAsk(principal.role, capability)) {
      const because = `nothing that needs ${capability} can be asked by ${name}, whatever is granted`;
      return ok({ allowed: false, because });
    }
    const grants = [...fixed, ...(await grantsFor(tx, principal, moment))];
    const verdict = evaluatePolicy(grants, principal, capability, path);
    if (!verdict.allowed) return ok({ allowed: false, because: verdict.because });
    const { because } = verdict;
    return ok({ allowed: true, because: `${because.principal} may ${because.capability} on ${because.path}` });
  }),
  answer(policy.grant, async (call, tx) => {
    const { input, moment, note } = call;
    const checked = checkGrant(input, moment.nowUnixMs, '');
    if (checked.kind === 'refused') return checked;
    const change = await GrantChange.begin(tx, input.principal, moment);
    const changed = change.add(input);
    const written = change.write(tx);
    if (written.kind === 'refused') return written;
    note(proved('granted', describe(input)));
    if (input.expiresAtUnixMs !== undefined) note(proved('until', new Date(input.expiresAtUnixMs).toISOString()));
    return ok({ changed });
  }),
  answer(policy.revoke, async ({ input, moment, note }, tx) => {
    const change = await GrantChange.begin(tx, input.principal, moment);
    if (!change.remove(input)) return refuse('not-found', { message: 'there is no such grant' });
    const written = change.write(tx);
    if (written.kind === 'refused') return written;
    note(proved('revoked', describe(input)));
    return ok({});
  }),
  answer(policy.list, async ({ input: { principal, limit, cursor }, moment }, tx) => {
    const isFirst = cursor === undefined;
    const standing = fixed.filter((grant) => isFirst && (principal === undefined || principal === grant.principal));
    const found =
      principal === undefined
        ? await listGrants(tx, moment, isFirst ? { limit } : { limit, cursor })
        : { grants: await readGrants(tx, principal, moment) };
    const grants = [...standing.map((grant) => ({ ...grant, isFixed: true })), ...found.grants.map(viewOf)];
    return ok({ grants, ...('cursor' in found && found.cursor !== undefined && { cursor: found.cursor }) });
  }),
  answer(policy.apply, changeGrants),
];

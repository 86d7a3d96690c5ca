// Tokens as people make and revoke them. A token's grants are made and go with it, in the same transaction.

import { ok, refuse, tokens } from '@chatelaine/contract';
import { writeGrants } from '../kernel/grant-records.ts';
import { answer, type BoundOperation } from '../kernel/module.ts';
import { proved } from '../kernel/release/decision.ts';
import { createToken, findToken, listTokens, revokeToken, stateOfToken } from '../kernel/token-records.ts';
import { checkCapability } from './policy-operations.ts';

/** Binds `tokens.create`, `list` and `revoke`. */
export const tokenOperations = (random: (sizeBytes: number) => Buffer): readonly BoundOperation[] => [
  answer(tokens.create, async ({ input, moment, note, whenOver }, tx) => {
    const { name, groups, expiresInMs } = input;
    const now = moment.nowUnixMs;
    // Its end would be counted from a time that is not the present.
    if (moment.clockBehindMs > 0) return refuse('clock-behind');
    for (const [index, { capability }] of input.grants.entries()) {
      const checked = checkCapability(capability, `grants.${index}.capability`);
      if (checked.kind === 'refused') return checked;
    }
    const earlier = await findToken(tx, name);
    if (earlier !== undefined && stateOfToken(earlier.record, now) === 'valid') return refuse('already-exists');
    const expiresAtUnixMs = expiresInMs === null ? undefined : now + expiresInMs;
    const end = expiresAtUnixMs === undefined ? {} : { expiresAtUnixMs };
    const principal = `token:${name}`;
    const grants = new Map(input.grants.map((grant) => [`${grant.capability} ${grant.path}`, grant]));
    writeGrants(
      tx,
      principal,
      [...grants.values()].map((grant) => ({ ...grant, principal, grantedAtUnixMs: now })),
    );
    for (const key of grants.keys()) note(proved('granted', `${principal} ${key}`));
    if (expiresAtUnixMs !== undefined) note(proved('until', new Date(expiresAtUnixMs).toISOString()));
    const token = await createToken(tx, random, { format: 1, name, groups, createdAtUnixMs: now, ...end });
    whenOver(() => token.fill(0));
    return ok({ token, ...end });
  }),
  answer(tokens.list, async ({ input: { limit, cursor }, moment }, tx) => {
    const page = await listTokens(tx, cursor === undefined ? { limit } : { limit, cursor });
    const views = page.tokens.map(({ format: _, ...record }) => ({
      ...record,
      state: stateOfToken(record, moment.nowUnixMs),
    }));
    return ok(page.cursor === undefined ? { tokens: views } : { tokens: views, cursor: page.cursor });
  }),
  answer(tokens.revoke, async ({ input: { name }, moment }, tx) => {
    const token = await findToken(tx, name);
    if (token === undefined) return refuse('not-found');
    const changed = token.record.revokedAtUnixMs === undefined;
    if (changed) revokeToken(tx, token.digest, token.record, moment.nowUnixMs);
    writeGrants(tx, `token:${name}`, []);
    return ok({ changed });
  }),
];

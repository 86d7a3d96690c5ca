// Whether a recovery code is accepted. That it was used is written in the transaction that the verdict commits with. Whatever is
// wrong, the same is answered after the same look-ups and comparisons. Wrong codes are not limited: they would have to be guessed out
// of 2^60.

import { ok, type Result, recovery, refuse } from '@chatelaine/contract';
import { areEqualBytes } from '@chatelaine/secret';
import { type BoundOperation, type ModuleServices, release, type Service } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { asserted, type Condition, type Decision, decideRelease, proved } from '../../kernel/release/decision.ts';
import type { GivenCode, SpentCode } from '../../otp/spend-code.ts';
import { digestOf, parseCode } from './recovery-code.ts';
import { putRecovery, recoveryOfPresentUser } from './recovery-record.ts';

const NOBODYS = {
  salt: new Uint8Array(16),
  codes: Array.from({ length: recovery.CODES }, () => ({ digest: new Uint8Array(32), state: 'used' as const })),
};
const MALFORMED = Buffer.from('malformed');

interface Subject {
  readonly isAccepted: boolean;
}

const conditions: readonly Condition<Subject>[] = [
  {
    name: 'code',
    evaluate: ({ isAccepted }) =>
      isAccepted ? { outcome: 'met', facts: [] } : { outcome: 'unmet', code: 'wrong-code', facts: [] },
  },
];

type Taken = Pick<GivenCode, 'user' | 'code' | 'source' | 'moment'>;

/** Decides about a code, and writes into `tx` that it was used. */
const takeRecovery = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  { user, code: text, source, moment }: Taken,
): Promise<{ readonly decision: Decision; readonly left?: number }> => {
  const present = await recoveryOfPresentUser(services, tx, user);
  const { record, person } = present.kind === 'ok' ? present.value : { record: undefined, person: undefined };
  const { salt, codes } = record ?? NOBODYS;
  const typed = parseCode(text);
  const digest = digestOf(typed ?? MALFORMED, salt);
  typed?.fill(0);
  let found = -1;
  for (const [at, code] of codes.entries()) if (areEqualBytes(code.digest, digest)) found = at;
  const isUnused = codes[found]?.state === 'unused' && typed !== undefined;
  const isTheirs = person?.enabled === true && record?.epoch === services.epoch.number;
  const known = [asserted('user', user), ...(source === undefined ? [] : [asserted('address', source)])];
  const decision = decideRelease(conditions, { isAccepted: isUnused && isTheirs }, moment, known);
  if (decision.verdict !== 'release' || record === undefined) return { decision };
  const next = record.codes.map((code, at) => (at === found ? { ...code, state: 'used' as const } : code));
  putRecovery(tx, user, { ...record, codes: next, lastUsedAtUnixMs: moment.nowUnixMs });
  const left = next.filter(({ state }) => state === 'unused').length;
  const facts = [...decision.facts, proved('number', found + 1), proved('left', left)];
  return { decision: { ...decision, facts }, left };
};

export const verifyRecovery = (services: ModuleServices): BoundOperation =>
  release(recovery.verify, async ({ input, moment, source }, tx) => {
    const { user, code } = input;
    const taken = { user, code, source: input.source?.address ?? source, moment };
    const { decision, left } = await takeRecovery(services, tx, taken);
    return left === undefined ? { decision } : { subject: user, isRemembered: false, decision, output: { left } };
  });

/** `spend`: for a module that takes a code as proof. {@link SpentCode}, or `wrong-code`. */
export const spendRecovery =
  (services: ModuleServices): Service =>
  async ({ tx, input }): Promise<Result<SpentCode>> => {
    const { left } = await takeRecovery(services, tx, input as GivenCode);
    return left === undefined ? refuse('wrong-code') : ok({ by: 'recovery' });
  };

// Whether a code of a YubiKey is accepted. Its counters have to be above those of the last one that was, and are written in the
// transaction that the verdict commits with. Wrong codes are not limited here: they would have to be guessed out of 2^48.

import { ok, type RefusalCode, type Result, refuse, yubiotp } from '@chatelaine/contract';
import { type BoundOperation, type ModuleServices, release, type Service } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { asserted, type Condition, decideRelease, type Moment, proved } from '../../kernel/release/decision.ts';
import type { GivenCode, SpentCode } from '../../otp/spend-code.ts';
import { parseOtp, type TypedOtp } from './modhex.ts';
import { isLater } from './open-token.ts';
import { readToken } from './read-token.ts';
import { mayCount, putYubikey, readYubikey, spend, subjectOf } from './yubikey-record.ts';

/** Read in place of what nobody could type. */
const NOTHING: Pick<TypedOtp, 'publicId' | 'block'> = { publicId: 'c', block: Buffer.alloc(16) };

interface Subject {
  readonly isRead: boolean;
  readonly isNew: boolean;
}

const condition = (name: string, code: RefusalCode, isMet: (subject: Subject) => boolean): Condition<Subject> => ({
  name,
  evaluate: (subject) =>
    isMet(subject) ? { outcome: 'met', facts: [] } : { outcome: 'unmet', code, facts: [proved(name, false)] },
});

const conditions = [
  condition('code', 'wrong-code', ({ isRead }) => isRead),
  condition('unused', 'replayed', ({ isNew }) => isNew),
];

interface Given {
  readonly otp: string;
  /** Whose key it has to be; absent: anybody's. */
  readonly user?: string | undefined;
  readonly source?: string | undefined;
  readonly moment: Moment;
}

/** Decides about a code, and writes into `tx` that it is spent. */
const takeOtp = async (services: ModuleServices, tx: ModuleTransaction, { otp, user, source, moment }: Given) => {
  const { publicId, block } = parseOtp(otp) ?? NOTHING;
  const record = await readYubikey(tx, publicId);
  const token = await readToken(services, tx, record, block);
  const counts = record !== undefined && mayCount(record, services.epoch.number);
  const isTheirs = user === undefined || user === record?.holder?.user;
  const isRead = token !== undefined && counts && isTheirs;
  const isNew = token !== undefined && record !== undefined && isLater(token, record);
  const known = source === undefined ? [] : [asserted('address', source)];
  const decision = decideRelease(conditions, { isRead, isNew }, moment, known);
  if (decision.verdict !== 'release' || token === undefined || record === undefined) return { decision };
  putYubikey(tx, publicId, spend(record, token, moment.nowUnixMs));
  const facts = [...decision.facts, proved('counter', token.counter), proved('use', token.use)];
  const holder = record.holder?.user;
  const output = { ...(holder !== undefined && { user: holder }), publicId, ...token };
  return { decision: { ...decision, facts }, accepted: { subject: subjectOf(record, publicId), output } };
};

/** The operation by which somebody outside has a code checked. */
export const verifyOtp = (services: ModuleServices): BoundOperation =>
  release(yubiotp.verify, async ({ input, moment, source }, tx) => {
    const { otp, user } = input;
    const given = { otp, user, source: input.source?.address ?? source, moment };
    const { decision, accepted } = await takeOtp(services, tx, given);
    return accepted === undefined ? { decision } : { ...accepted, isRemembered: false, decision };
  });

/** `spend`: for a module that takes a code as proof. {@link SpentCode}, or why not. */
export const spendOtp =
  (services: ModuleServices): Service =>
  async ({ tx, input }): Promise<Result<SpentCode>> => {
    const { code: otp, user, source, moment } = input as GivenCode;
    const { decision, accepted } = await takeOtp(services, tx, { otp, user, source, moment });
    if (accepted !== undefined) return ok({ by: `yubiotp/${accepted.output.publicId}` });
    return refuse(decision.verdict === 'refuse' ? decision.code : 'wrong-code');
  };

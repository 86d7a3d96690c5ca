// Whether a code of a YubiKey is accepted. Its counters have to be above those of the last one that was, and are written in the
// transaction that the verdict commits with. Wrong codes are not limited here: they would have to be guessed out of 2^48.

import { type RefusalCode, yubiotp } from '@chatelaine/contract';
import { type BoundOperation, type ModuleServices, release } from '../../kernel/module.ts';
import { asserted, type Condition, decideRelease, proved } from '../../kernel/release/decision.ts';
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

export const verifyOtp = (services: ModuleServices): BoundOperation =>
  release(yubiotp.verify, async ({ input, moment, source }, tx) => {
    const { publicId, block } = parseOtp(input.otp) ?? NOTHING;
    const record = await readYubikey(tx, publicId);
    const token = await readToken(services, tx, record, block);
    const counts = record !== undefined && mayCount(record, services.epoch.number);
    const isTheirs = input.user === undefined || input.user === record?.holder?.user;
    const isRead = token !== undefined && counts && isTheirs;
    const isNew = token !== undefined && record !== undefined && isLater(token, record);
    const from = input.source?.address ?? source;
    const known = from === undefined ? [] : [asserted('address', from)];
    const decision = decideRelease(conditions, { isRead, isNew }, moment, known);
    if (decision.verdict !== 'release' || token === undefined || record === undefined) return { decision };
    putYubikey(tx, publicId, spend(record, token, moment.nowUnixMs));
    const facts = [...decision.facts, proved('counter', token.counter), proved('use', token.use)];
    const user = record.holder?.user;
    const output = { ...(user !== undefined && { user }), publicId, ...token };
    return { subject: subjectOf(record, publicId), isRemembered: false, decision: { ...decision, facts }, output };
  });

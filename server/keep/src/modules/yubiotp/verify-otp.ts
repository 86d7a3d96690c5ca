// Whether a code of a YubiKey is accepted. Its counters have to be above those of the last one that was, and are written in the
// transaction that the verdict commits with. Wrong codes are not limited here: they would have to be guessed out of 2^48.

import { type RefusalCode, yubiotp } from '@chatelaine/contract';
import { type BoundOperation, type ModuleServices, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { asserted, type Condition, decideRelease, proved } from '../../kernel/release/decision.ts';
import { seedOf } from '../../otp/credentials-record.ts';
import { parseOtp, type TypedOtp } from './modhex.ts';
import { isLater, openToken, type Token } from './open-token.ts';
import { putYubikey, readYubikey, type YubikeyRecord } from './yubikey-record.ts';

const NOBODY = { user: 'nobody', key: 'nobodys', privateId: new Uint8Array(6) };
const NOBODYS_KEY = new Uint8Array(16);

/** Reads a code with the secrets of a key, or with those of nobody if there is none. */
export const readToken = async (
  services: ModuleServices,
  tx: ModuleTransaction,
  record: YubikeyRecord | undefined,
  block: Uint8Array,
): Promise<Token | undefined> => {
  const { user, key, privateId } = record ?? NOBODY;
  const handed = await seedOf(services, tx, user, key);
  const isRight = handed.kind === 'ok' && handed.value.value.length === NOBODYS_KEY.length;
  const token = openToken(block, isRight ? handed.value.value : NOBODYS_KEY, privateId);
  return isRight && handed.value.since === record?.since ? token : undefined;
};

/** Read in place of what nobody could type. */
const NOTHING: TypedOtp = { publicId: 'c', block: Buffer.alloc(16) };

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
    const record = publicId === '' ? undefined : await readYubikey(tx, publicId);
    const token = await readToken(services, tx, record, block);
    const mayCount = record?.confirmed === true && record.epoch === services.epoch.number;
    const isTheirs = input.user === undefined || input.user === record?.user;
    const isRead = token !== undefined && mayCount && isTheirs;
    const isNew = token !== undefined && record !== undefined && isLater(token, record);
    const from = input.source?.address ?? source;
    const known = from === undefined ? [] : [asserted('address', from)];
    const decision = decideRelease(conditions, { isRead, isNew }, moment, known);
    if (decision.verdict !== 'release' || token === undefined || record === undefined) return { decision };
    putYubikey(tx, publicId, { ...record, ...token, lastUsedAtUnixMs: moment.nowUnixMs });
    const facts = [...decision.facts, proved('counter', token.counter), proved('use', token.use)];
    const { user } = record;
    const output = { user, publicId, ...token };
    return { subject: `${user}/${publicId}`, isRemembered: false, decision: { ...decision, facts }, output };
  });

// What Yubico's key storage module does: opens a code for a validation server that counts itself. Nothing is spent. Each is on
// record, since whoever may ask can try codes.

import { yubiotp } from '@chatelaine/contract';
import { type BoundOperation, type ModuleServices, release } from '../../kernel/module.ts';
import { asserted, type Condition, decideRelease } from '../../kernel/release/decision.ts';
import { parseOtp } from './modhex.ts';
import { openBlock, type Token } from './open-token.ts';
import { readToken } from './read-token.ts';
import { readYubikey, subjectOf, type YubikeyRecord } from './yubikey-record.ts';

interface Asked {
  readonly record: YubikeyRecord | undefined;
  readonly token: Token | undefined;
}

/** Whether its secrets are here and it was not switched off in the storage. */
const isStored = ({ holder, aesKey, privateId, ksm, active }: YubikeyRecord): boolean =>
  (holder !== undefined || aesKey !== undefined) && privateId !== undefined && (ksm?.active ?? active);

const conditions: readonly Condition<Asked>[] = [
  {
    name: 'key',
    evaluate: ({ record }) =>
      record !== undefined && isStored(record)
        ? { outcome: 'met', facts: [] }
        : { outcome: 'unmet', code: 'not-found', facts: [] },
  },
  {
    name: 'code',
    evaluate: ({ token }) =>
      token === undefined ? { outcome: 'unmet', code: 'wrong-code', facts: [] } : { outcome: 'met', facts: [] },
  },
];

export const decryptOtp = (services: ModuleServices): BoundOperation =>
  release(yubiotp.decrypt, async ({ input, moment }, tx) => {
    const typed = parseOtp(input.otp);
    const record = typed && (await readYubikey(tx, typed.publicId));
    const token = typed && (await readToken(services, tx, record, typed.block, openBlock));
    const known = input.source === undefined ? [] : [asserted('address', input.source.address)];
    const decision = decideRelease(conditions, { record, token }, moment, known);
    if (decision.verdict !== 'release' || typed === undefined || record === undefined || token === undefined) {
      return { decision };
    }
    return { subject: subjectOf(record, typed.publicId), isRemembered: false, decision, output: token };
  });

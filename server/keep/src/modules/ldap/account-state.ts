// What Active Directory says besides yes and no: the code in the text of a refused bind, and the flags of an account.
// [MS-ADTS] 2.2.16 (userAccountControl); [MS-ERREF] 2.2 (the codes are those of Windows, in hexadecimal).

import type { Verdict } from './directory-verdict.ts';

/** All but `52e`, `525` and `775` are said only to who has given the right password. */
const verdictOf: Readonly<Record<string, Verdict>> = {
  // ERROR_LOGON_FAILURE
  '52e': { kind: 'wrong', why: 'password' },
  // ERROR_NO_SUCH_USER
  '525': { kind: 'wrong', why: 'no-entry' },
  // ERROR_INVALID_LOGON_HOURS
  '530': { kind: 'barred', why: 'not-at-this-time' },
  // ERROR_INVALID_WORKSTATION
  '531': { kind: 'barred', why: 'not-at-this-time' },
  // ERROR_PASSWORD_EXPIRED
  '532': { kind: 'barred', why: 'password-expired' },
  // ERROR_ACCOUNT_DISABLED
  '533': { kind: 'barred', why: 'disabled' },
  // ERROR_ACCOUNT_EXPIRED
  '701': { kind: 'barred', why: 'account-expired' },
  // ERROR_PASSWORD_MUST_CHANGE
  '773': { kind: 'barred', why: 'password-to-be-changed' },
  // ERROR_ACCOUNT_LOCKED_OUT
  '775': { kind: 'wrong', why: 'locked' },
};

/** What a refused bind means, by the text that came with it; one of another directory, or a code not known here: the password was wrong. */
export const verdictOfDiagnostic = (text: string): Verdict => {
  const code = /\bdata ([0-9a-f]{1,8})\b/i.exec(text)?.[1]?.toLowerCase();
  return verdictOf[code ?? ''] ?? { kind: 'wrong', why: 'password' };
};

const ACCOUNTDISABLE = 0x2;
const LOCKOUT = 0x10;
const PASSWORD_EXPIRED = 0x80_0000;

/**
 * What the flags of an account whose password was right mean. Active Directory heeds them itself; another server that
 * has copied its entries does not.
 *
 * @param value `userAccountControl`, a decimal number of 32 bits with a sign; undefined if the entry has none
 */
export const verdictOfFlags = (value: string | undefined): Verdict => {
  if (value === undefined) return { kind: 'right' };
  if (!/^-?\d{1,10}$/.test(value)) return { kind: 'failed', problem: 'malformed', detail: 'userAccountControl' };
  const flags = Number(value);
  if ((flags & ACCOUNTDISABLE) !== 0) return { kind: 'barred', why: 'disabled' };
  if ((flags & LOCKOUT) !== 0) return { kind: 'wrong', why: 'locked' };
  if ((flags & PASSWORD_EXPIRED) !== 0) return { kind: 'barred', why: 'password-expired' };
  return { kind: 'right' };
};

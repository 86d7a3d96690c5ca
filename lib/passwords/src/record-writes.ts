// What a write makes of a record. Invariant, as in Trocla: the plain password stands alone when it is stored, and every write begins
// the key's time anew.

import { type ExpiryWish, expiryAfterWrite, expiryOfNewKey, isExpired } from './expiry.ts';
import type { PasswordRecord } from './password-store.ts';

/** The record, unless its time is over. */
export const liveRecord = (record: PasswordRecord | undefined, nowUnixMs: number): PasswordRecord | undefined =>
  isExpired(record, nowUnixMs) ? undefined : record;

/** With a value stored under a format, sealed already. */
export const withValue = (
  live: PasswordRecord | undefined,
  name: string,
  sealed: Uint8Array,
  wish: ExpiryWish,
  nowUnixMs: number,
): PasswordRecord => {
  const isPlain = name === 'plain';
  const expiry = isPlain ? expiryOfNewKey(wish, nowUnixMs) : expiryAfterWrite(live?.expiry, wish, nowUnixMs);
  const values = new Map(isPlain ? [] : live?.values);
  values.set(name, sealed);
  return { values, ...(expiry && { expiry }) };
};

/** Without a format. */
export const withoutValue = (live: PasswordRecord, name: string, nowUnixMs: number): PasswordRecord => {
  const values = new Map([...live.values].filter(([format]) => format !== name));
  const expiry = expiryAfterWrite(live.expiry, undefined, nowUnixMs);
  return { values, ...(expiry && { expiry }) };
};

// When a key expires. Invariant, as in Trocla: expiry belongs to the key, reading never extends it, and every write begins the
// period anew. The period itself is only ever set by a write of the plain password.

import type { KeyExpiry, PasswordRecord } from './password-store.ts';

/** What a write says about expiry: seconds, an end to it (`never`), or nothing. */
export type ExpiryWish = number | 'never' | undefined;

/** An `expires` that is neither a number nor a way to say no. */
export const invalidExpiry = Symbol('not a number of seconds');

/** Reads the option `expires`. */
export const expiryWish = (options: Readonly<Record<string, unknown>>): ExpiryWish | typeof invalidExpiry => {
  if (!Object.hasOwn(options, 'expires')) return undefined;
  const { expires } = options;
  if (expires === null || expires === false || expires === 0) return 'never';
  return typeof expires === 'number' && Number.isFinite(expires) ? expires : invalidExpiry;
};

const from = (nowUnixMs: number, seconds: number): number => nowUnixMs + seconds * 1_000;

/** After the plain password was stored: what was before does not count. */
export const expiryOfNewKey = (wish: ExpiryWish, nowUnixMs: number): KeyExpiry | undefined =>
  typeof wish === 'number' && wish > 0 ? { atUnixMs: from(nowUnixMs, wish), periodSeconds: wish } : undefined;

/** After another format was stored: a wish holds for this write only, the remembered period stays. */
export const expiryAfterWrite = (
  current: KeyExpiry | undefined,
  wish: ExpiryWish,
  nowUnixMs: number,
): KeyExpiry | undefined => {
  const period = current?.periodSeconds;
  const seconds = wish === undefined ? period : wish;
  if (period === undefined && typeof seconds !== 'number') return undefined;
  return {
    ...(typeof seconds === 'number' && { atUnixMs: from(nowUnixMs, seconds) }),
    ...(period !== undefined && { periodSeconds: period }),
  };
};

/** Whether the key is no longer there. */
export const isExpired = (record: PasswordRecord | undefined, nowUnixMs: number): boolean =>
  record?.expiry?.atUnixMs !== undefined && nowUnixMs > record.expiry.atUnixMs;

// A key's record between Trocla's form and ours. Trocla's: a hash of format to value, with a number `_expires` right behind
// `plain` if the key expires, and around it, while a time is running, the list [hash, moment] (moneta's expiry layer). A list of
// one means no moment.

import { wireguardDocument } from '@chatelaine/password-hash/wireguard-document';
import { type PasswordRecord, PasswordStoreError } from '../password-store.ts';
import { isHash, isRational, type RubyValue } from './ruby-value.ts';

const PERIOD = '_expires';
const NS_PER_MS = 1_000_000;

const unreadable = (key: string, why: string): PasswordStoreError =>
  new PasswordStoreError('unsupported', `what is stored under ${JSON.stringify(key)} cannot be read: ${why}`);

const numberOf = (value: RubyValue): number | undefined => {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (!(value instanceof Uint8Array)) return undefined;
  const text = Buffer.from(value).toString('latin1').replaceAll('_', '');
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
};

/** A moment as milliseconds; exact to less than a microsecond. */
const momentMs = (value: RubyValue): number | undefined => {
  if (!isRational(value)) {
    const seconds = numberOf(value);
    return seconds === undefined ? undefined : seconds * 1_000;
  }
  const { numerator, denominator } = value;
  if (denominator === 0n) return undefined;
  return Number((numerator * 1_000n * BigInt(NS_PER_MS)) / denominator) / NS_PER_MS;
};

/** WireGuard keys that Trocla's import stored as a nested hash, as the document they were meant to be. */
const documentOf = (value: ReadonlyMap<string, RubyValue>): Uint8Array | undefined => {
  const [secret, shared] = [value.get('wg_priv'), value.get('wg_pub')];
  if (!(secret instanceof Uint8Array && shared instanceof Uint8Array) || value.size !== 2) return undefined;
  return wireguardDocument(secret, shared);
};

const valueBytes = (key: string, format: string, value: RubyValue): Uint8Array => {
  if (value instanceof Uint8Array) return value;
  const repaired = isHash(value) ? documentOf(value) : undefined;
  if (repaired !== undefined) return repaired;
  throw unreadable(key, `its format ${JSON.stringify(format)} is no text`);
};

/** Our form of what is stored under `key`. Throws `PasswordStoreError` if it is no record. */
export const recordOf = (key: string, stored: RubyValue): PasswordRecord => {
  const [hash, moment] = Array.isArray(stored) ? (stored as readonly RubyValue[]) : [stored];
  if (!isHash(hash)) throw unreadable(key, 'it is no hash of formats');
  const values = new Map<string, Uint8Array>();
  for (const [format, value] of hash) {
    if (format !== PERIOD && value !== null) values.set(format, valueBytes(key, format, value));
  }
  const period = hash.get(PERIOD) ?? null;
  const periodSeconds = period === null ? undefined : numberOf(period);
  const atUnixMs = moment === undefined || moment === null || moment === false ? undefined : momentMs(moment);
  if ((period !== null && periodSeconds === undefined) || (moment && atUnixMs === undefined)) {
    throw unreadable(key, 'its time of expiry is no number');
  }
  if (periodSeconds === undefined && atUnixMs === undefined) return { values };
  return {
    values,
    expiry: { ...(atUnixMs !== undefined && { atUnixMs }), ...(periodSeconds !== undefined && { periodSeconds }) },
  };
};

/** Our form of everything in a store; in place of what is no record, why. */
export const recordsOf = (
  entries: Iterable<readonly [string, RubyValue]>,
): ReadonlyMap<string, PasswordRecord | PasswordStoreError> => {
  const records = new Map<string, PasswordRecord | PasswordStoreError>();
  for (const [key, stored] of entries) {
    try {
      records.set(key, recordOf(key, stored));
    } catch (error) {
      if (!(error instanceof PasswordStoreError)) throw error;
      records.set(key, error);
    }
  }
  return records;
};

const greatestCommonDivisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : greatestCommonDivisor(b, a % b));

const rationalSeconds = (unixMs: number): RubyValue => {
  const whole = Math.trunc(unixMs);
  const numerator = BigInt(whole) * BigInt(NS_PER_MS) + BigInt(Math.round((unixMs - whole) * NS_PER_MS));
  const divisor = greatestCommonDivisor(numerator, 1_000_000_000n);
  return { numerator: numerator / divisor, denominator: 1_000_000_000n / divisor };
};

/** Trocla's form of a record. */
export const storedForm = ({ values, expiry }: PasswordRecord): RubyValue => {
  const hash = new Map<string, RubyValue>();
  const plain = values.get('plain');
  if (plain !== undefined) hash.set('plain', plain);
  if (expiry?.periodSeconds !== undefined) hash.set(PERIOD, expiry.periodSeconds);
  for (const [format, value] of values) hash.set(format, value);
  return expiry?.atUnixMs === undefined ? hash : [hash, rationalSeconds(expiry.atUnixMs)];
};

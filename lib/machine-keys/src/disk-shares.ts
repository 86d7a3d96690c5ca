// A disk password in shares, each for another server: any `threshold` of them give it, fewer say nothing about it, not even its
// length to within 64 bytes. A share that was damaged or made up is found out when the password is put together, and does no
// harm if there are enough others. docs/formats/disk-shares.md

import { createHash, timingSafeEqual } from 'node:crypto';
import { checkThreshold, combineInto, MAX_SHARES, type ShareBytes, splitInto } from '@chatelaine/secret/shamir-bytes';

const MAGIC = Buffer.from('chdshr1\0', 'latin1');
const SET_ID_BYTES = 16;
const THRESHOLD_AT = MAGIC.length + SET_ID_BYTES;
const NUMBER_AT = THRESHOLD_AT + 1;
const VALUE_AT = NUMBER_AT + 1;
const SUM_BYTES = 8;
const CHECK_BYTES = 16;
const LENGTH_AT = CHECK_BYTES;
const PASSWORD_AT = LENGTH_AT + 2;
/** What is shared is a multiple of this. */
const BLOCK_BYTES = 64;
/** Most different ways to put shares together that are tried: enough for one bad share among eight. */
const MOST_TRIES = 256;

/** Longest password that is shared. */
export const MAX_SHARED_BYTES = 60_000;

/** One share. Its `value` is secret; whoever holds it wipes it. */
export interface DiskShare extends ShareBytes {
  /** 32 hexadecimal digits; the same for the shares of one password. */
  readonly setId: string;
  readonly threshold: number;
}

const sumOf = (share: Uint8Array): Buffer =>
  createHash('sha256').update(share.subarray(0, -SUM_BYTES)).digest().subarray(0, SUM_BYTES);

const checkOf = (setId: Uint8Array, secret: Uint8Array): Buffer =>
  createHash('sha256').update(MAGIC).update(setId).update(secret.subarray(LENGTH_AT)).digest().subarray(0, CHECK_BYTES);

/** Whether bytes begin as a share does. */
export const isDiskShare = (bytes: Uint8Array): boolean => MAGIC.equals(bytes.subarray(0, MAGIC.length));

/**
 * Splits a password. The caller wipes it and the shares. Throws RangeError unless 2 <= threshold <= shares <= 32 and the password has
 * at most {@link MAX_SHARED_BYTES}.
 *
 * @param fill writes random bytes
 * @returns the shares as they are encrypted, in order of their numbers
 */
export const splitPassword = (
  password: Uint8Array,
  { threshold, shares }: { readonly threshold: number; readonly shares: number },
  fill: (target: Buffer) => void,
): readonly Buffer[] => {
  checkThreshold(threshold, shares);
  if (password.length > MAX_SHARED_BYTES)
    throw new RangeError(`a shared password has at most ${MAX_SHARED_BYTES} bytes`);
  const size = Math.ceil((PASSWORD_AT + password.length) / BLOCK_BYTES) * BLOCK_BYTES;
  const setId = Buffer.allocUnsafeSlow(SET_ID_BYTES);
  fill(setId);
  const secret = Buffer.alloc(size);
  const coefficients = Buffer.allocUnsafeSlow((threshold - 1) * size);
  fill(coefficients);
  secret.writeUInt16BE(password.length, LENGTH_AT);
  secret.set(password, PASSWORD_AT);
  secret.set(checkOf(setId, secret));
  const made = Array.from({ length: shares }, (_, index) => {
    const share = Buffer.allocUnsafeSlow(VALUE_AT + size + SUM_BYTES);
    share.set(MAGIC);
    share.set(setId, MAGIC.length);
    share[THRESHOLD_AT] = threshold;
    share[NUMBER_AT] = index + 1;
    return share;
  });
  const values = made.map((share, index) => ({
    number: index + 1,
    value: share.subarray(VALUE_AT, VALUE_AT + size),
  }));
  splitInto(secret, coefficients, values);
  secret.fill(0);
  coefficients.fill(0);
  for (const share of made) share.set(sumOf(share), VALUE_AT + size);
  return made;
};

/** Reads a share; `undefined` if it is none, or is damaged. What comes back is a view of `bytes`. */
export const parseDiskShare = (bytes: Buffer): DiskShare | undefined => {
  const size = bytes.length - VALUE_AT - SUM_BYTES;
  if (!isDiskShare(bytes) || size < BLOCK_BYTES || size % BLOCK_BYTES !== 0) return undefined;
  if (!sumOf(bytes).equals(bytes.subarray(-SUM_BYTES))) return undefined;
  const [threshold = 0, number = 0] = bytes.subarray(THRESHOLD_AT, VALUE_AT);
  if (threshold < 2 || threshold > MAX_SHARES || number < 1 || number > MAX_SHARES) return undefined;
  const setId = bytes.toString('hex', MAGIC.length, THRESHOLD_AT);
  return { setId, threshold, number, value: bytes.subarray(VALUE_AT, VALUE_AT + size) };
};

/** What shares come to: the password (the caller wipes it), or how many more are needed. */
export type JoinedShares =
  | { readonly kind: 'password'; readonly password: Buffer }
  | { readonly kind: 'missing'; readonly shares: number }
  /** There are enough, but one of them is not what was made. */
  | { readonly kind: 'wrong' };

/** Every way to choose `count` of the shares. */
function* choose(shares: readonly DiskShare[], count: number): Generator<readonly DiskShare[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const [at, first] of shares.entries()) {
    for (const others of choose(shares.slice(at + 1), count - 1)) yield [first, ...others];
  }
}

const passwordOf = (shares: readonly DiskShare[], secret: Buffer): Buffer | undefined => {
  combineInto(shares, secret);
  const length = secret.readUInt16BE(LENGTH_AT);
  const isWhole =
    PASSWORD_AT + length <= secret.length &&
    timingSafeEqual(checkOf(Buffer.from(shares[0]?.setId ?? '', 'hex'), secret), secret.subarray(0, CHECK_BYTES));
  if (!isWhole) return undefined;
  const password = Buffer.allocUnsafeSlow(length);
  secret.copy(password, 0, PASSWORD_AT, PASSWORD_AT + length);
  return password;
};

/** Puts shares of one set together; the shares stay the caller's. A share that is there twice counts once. */
export const joinDiskShares = (shares: readonly DiskShare[]): JoinedShares => {
  const [first] = shares;
  const alike = shares.filter(
    ({ setId, threshold, value }) =>
      setId === first?.setId && threshold === first.threshold && value.length === first.value.length,
  );
  const different = [...new Map(alike.map((share) => [share.number, share])).values()];
  if (first === undefined || different.length < first.threshold) {
    return { kind: 'missing', shares: (first?.threshold ?? 2) - different.length };
  }
  let tries = 0;
  for (const chosen of choose(different, first.threshold)) {
    if (++tries > MOST_TRIES) break;
    const secret = Buffer.alloc(first.value.length);
    try {
      const password = passwordOf(chosen, secret);
      if (password !== undefined) return { kind: 'password', password };
    } finally {
      secret.fill(0);
    }
  }
  return { kind: 'wrong' };
};

// The limits of a transaction, the same in every store. What a caller of the system can cause (too much, too large) is a
// refusal; what only a bug can cause throws.

import { type Refused, refuse } from '@chatelaine/contract';
import { MAX_KEY_BYTES, MAX_LANE, MAX_OPERATIONS, MAX_TRANSACTION_BYTES, type Transaction } from './store.ts';

/** Throws RangeError unless it can be a key: 1 to 1,024 bytes. */
export const checkKey = (key: Uint8Array): void => {
  if (key.length < 1 || key.length > MAX_KEY_BYTES) throw new RangeError(`a key has 1 to ${MAX_KEY_BYTES} bytes`);
};

/** Throws RangeError unless `value` is a whole number from `min` to `max`. */
export const checkNumber = (name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void => {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} is a whole number from ${min} to ${max}`);
  }
};

const checkNoKeyTwice = ({ puts, deletes }: Transaction): void => {
  if (puts.length + deletes.length < 2) return;
  const seen = new Set<string>();
  for (const { key } of puts) seen.add(Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1'));
  for (const key of deletes) seen.add(Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1'));
  if (seen.size !== puts.length + deletes.length) throw new RangeError('a key appears once among puts and deletes');
};

/** Undefined if the transaction may be tried. Refusal: `too-large`. Throws RangeError for a bug of the caller. */
export const checkTransaction = (transaction: Transaction): Refused | undefined => {
  const { conditions, puts, deletes, audit } = transaction;
  const operations = conditions.length + puts.length + deletes.length + audit.length;
  if (operations === 0) throw new RangeError('a transaction has at least one operation');
  if (operations > MAX_OPERATIONS)
    return refuse('too-large', { message: `a transaction has at most ${MAX_OPERATIONS} operations` });
  let bytes = 0;
  let longestKey = 0;
  const countKey = (key: Uint8Array) => {
    if (key.length === 0) throw new RangeError('a key has at least one byte');
    longestKey = Math.max(longestKey, key.length);
    bytes += key.length;
  };
  for (const condition of conditions) {
    countKey(condition.key);
    if ('revision' in condition) checkNumber('the revision of a condition', condition.revision, 1);
  }
  for (const { key, value } of puts) {
    countKey(key);
    bytes += value.length;
  }
  for (const key of deletes) countKey(key);
  for (const { lane, payload } of audit) {
    checkNumber('a lane', lane, 0, MAX_LANE);
    bytes += payload.length;
  }
  if (longestKey > MAX_KEY_BYTES) return refuse('too-large', { message: `a key has at most ${MAX_KEY_BYTES} bytes` });
  if (bytes > MAX_TRANSACTION_BYTES) {
    return refuse('too-large', { message: `a transaction has at most ${MAX_TRANSACTION_BYTES} bytes` });
  }
  checkNoKeyTwice(transaction);
  return undefined;
};

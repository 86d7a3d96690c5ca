// How a transaction goes to the writer thread: one array, copied from the caller before `commit` returns.

import type { Condition, Transaction } from './store.ts';
import { ByteReader, ByteWriter } from './thread-bytes.ts';

const ABSENT = 0;

/** Bytes of a transaction that are not its numbers. */
const sizeOf = ({ conditions, puts, deletes, audit }: Transaction): number => {
  let bytes = 17;
  for (const { key } of conditions) bytes += 10 + key.length;
  for (const { key, value } of puts) bytes += 6 + key.length + value.length;
  for (const key of deletes) bytes += 2 + key.length;
  for (const { payload } of audit) bytes += 8 + payload.length;
  return bytes;
};

/** Encodes a transaction that is within the limits. */
export const encodeTransaction = (transaction: Transaction): Uint8Array<ArrayBuffer> => {
  const { conditions, puts, deletes, audit } = transaction;
  const out = new ByteWriter(sizeOf(transaction));
  out.u8(transaction.mayUseReserve === true ? 1 : 0);
  for (const { length } of [conditions, puts, deletes, audit]) out.u32(length);
  for (const condition of conditions) {
    out.u16(condition.key.length);
    out.int('revision' in condition ? condition.revision : ABSENT);
    out.bytes(condition.key);
  }
  for (const { key, value } of puts) {
    out.u16(key.length);
    out.u32(value.length);
    out.bytes(key);
    out.bytes(value);
  }
  for (const key of deletes) {
    out.u16(key.length);
    out.bytes(key);
  }
  for (const { lane, payload } of audit) {
    out.u32(lane);
    out.u32(payload.length);
    out.bytes(payload);
  }
  return out.finish();
};

const times = <T>(count: number, make: () => T): T[] => {
  const made: T[] = [];
  for (let index = 0; index < count; index++) made.push(make());
  return made;
};

/** Takes one transaction off the reader; its byte arrays are views. */
export const decodeTransaction = (input: ByteReader): Transaction => {
  const mayUseReserve = input.u8() === 1;
  const [conditions, puts, deletes, audit] = [input.u32(), input.u32(), input.u32(), input.u32()];
  return {
    mayUseReserve,
    conditions: times(conditions, (): Condition => {
      const length = input.u16();
      const revision = input.int();
      const key = input.bytes(length);
      return revision === ABSENT ? { key, absent: true } : { key, revision };
    }),
    puts: times(puts, () => {
      const length = input.u16();
      const valueLength = input.u32();
      return { key: input.bytes(length), value: input.bytes(valueLength) };
    }),
    deletes: times(deletes, () => input.bytes(input.u16())),
    audit: times(audit, () => {
      const lane = input.u32();
      return { lane, payload: input.bytes(input.u32()) };
    }),
  };
};

/** Takes a whole message apart. */
export const decodeTransactions = (message: Uint8Array): Transaction[] => {
  const input = new ByteReader(message);
  const transactions: Transaction[] = [];
  while (!input.isAtEnd) transactions.push(decodeTransaction(input));
  return transactions;
};

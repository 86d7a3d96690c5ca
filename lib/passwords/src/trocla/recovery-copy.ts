// Changes the end of a file in place so that a crash at any moment loses nothing. Trocla's readers and writers lock the file itself,
// so that it has to stay the same file; instead of replacing it, both what was there and what will be is first synced to a recovery
// copy beside it. Invariant: while the file is neither old nor new, the recovery copy is complete.
//
// `FILE.chatelaine-recovery`: one line `chatelaine-recovery 1 OFFSET OLD NEW SHA256` (decimal; OLD and NEW are the numbers of bytes
// from OFFSET to the end of the file, before and after), then the old bytes, then the new ones. The digest is over both.

import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import { PasswordStoreError } from '../password-store.ts';
import { readRange, recoveryPath, syncDirectory, writeAll } from './whole-io.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** The new end of a file. */
export interface TailChange {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const writeRecoveryCopy = (
  file: string,
  descriptor: number,
  offset: number,
  before: Buffer,
  after: Uint8Array,
): void => {
  const place = recoveryPath(file);
  const body = Buffer.concat([before, after]);
  const head = Buffer.from(`chatelaine-recovery 1 ${offset} ${before.length} ${after.length} ${digest(body)}\n`);
  let copy: number;
  try {
    copy = openSync(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw new PasswordStoreError(
      'unreachable',
      `the recovery copy ${place} cannot be made (${codeOf(error)}), so nothing was changed: the directory has to be writable`,
      { cause: error },
    );
  }
  try {
    // Whoever may change the store may need to repair it.
    const { uid, gid, mode } = fstatSync(descriptor);
    if (process.geteuid?.() === 0) fchownSync(copy, uid, gid);
    fchmodSync(copy, mode & 0o660);
    writeAll(copy, head, 0);
    writeAll(copy, body, head.length);
    fsyncSync(copy);
  } catch (error) {
    unlinkSync(place);
    throw error;
  } finally {
    closeSync(copy);
    body.fill(0);
  }
  syncDirectory(path.dirname(file));
};

const overwrite = (descriptor: number, { offset, bytes }: TailChange): void => {
  writeAll(descriptor, bytes, offset);
  ftruncateSync(descriptor, offset + bytes.length);
  fsyncSync(descriptor);
};

/**
 * Gives the open, exclusively locked file a new end. Durable when it returns. If it throws, because the disk is full for example, the
 * file is as it was; or, if not even that can be written, the recovery copy stays for the next call.
 */
export const changeTail = (file: string, descriptor: number, change: TailChange): void => {
  const { offset } = change;
  const before = readRange(descriptor, offset, fstatSync(descriptor).size);
  try {
    writeRecoveryCopy(file, descriptor, offset, before, change.bytes);
    try {
      overwrite(descriptor, change);
    } catch (error) {
      overwrite(descriptor, { offset, bytes: before });
      unlinkSync(recoveryPath(file));
      throw error;
    }
  } finally {
    before.fill(0);
  }
  unlinkSync(recoveryPath(file));
};

interface RecoveryCopy {
  readonly offset: number;
  readonly before: Buffer;
  readonly after: Buffer;
}

const readRecoveryCopy = (descriptor: number): RecoveryCopy | undefined => {
  const bytes = readRange(descriptor, 0, fstatSync(descriptor).size);
  const end = bytes.indexOf(10);
  const [, offset, old, added, sum] =
    /^chatelaine-recovery 1 (\d+) (\d+) (\d+) ([0-9a-f]{64})$/.exec(bytes.toString('latin1', 0, Math.max(0, end))) ??
    [];
  const body = bytes.subarray(end + 1);
  if (sum === undefined || body.length !== Number(old) + Number(added) || digest(body) !== sum) return undefined;
  return { offset: Number(offset), before: body.subarray(0, Number(old)), after: body.subarray(Number(old)) };
};

/** What a disk writes whole, or not at all. */
const SECTOR_BYTES = 512;

/** Whether the file's end consists of nothing but sectors of the old state, sectors of the new one, and unwritten ones. */
const isHalfWritten = (tail: Buffer, { offset, before, after }: RecoveryCopy): boolean => {
  if (tail.length < Math.min(before.length, after.length) || tail.length > Math.max(before.length, after.length))
    return false;
  for (let start = 0; start < tail.length; ) {
    const end = Math.min(tail.length, start + SECTOR_BYTES - ((offset + start) % SECTOR_BYTES));
    const sector = tail.subarray(start, end);
    // The last sector of the shorter state goes on with zeros.
    const isOf = (state: Buffer): boolean => {
      const wanted = state.subarray(start, end);
      return (
        sector.subarray(0, wanted.length).equals(wanted) && sector.subarray(wanted.length).every((byte) => byte === 0)
      );
    };
    if (!isOf(before) && !isOf(after)) return false;
    start = end;
  }
  return true;
};

/**
 * Repairs the open, exclusively locked file after a crash: what was half written is completed. A recovery copy that was not needed is
 * removed; one that does not belong to what is there now, because others wrote since, is put aside as `….unused`.
 */
export const recoverFile = (file: string, descriptor: number): 'nothing' | 'completed' | 'put-aside' => {
  const place = recoveryPath(file);
  let copy: number;
  try {
    copy = openSync(place, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'nothing';
    throw new PasswordStoreError('unreachable', `the recovery copy ${place} cannot be opened (${codeOf(error)})`, {
      cause: error,
    });
  }
  let recovery: RecoveryCopy | undefined;
  try {
    const owner = fstatSync(copy).uid;
    if (owner !== fstatSync(descriptor).uid && owner !== process.geteuid?.() && owner !== 0) {
      throw new PasswordStoreError('unreachable', `the recovery copy ${place} belongs to somebody else`);
    }
    recovery = readRecoveryCopy(copy);
  } finally {
    closeSync(copy);
  }
  // One that is not complete was cut off before the file was touched.
  if (recovery === undefined) {
    unlinkSync(place);
    return 'nothing';
  }
  const { offset, before, after } = recovery;
  const tail = readRange(descriptor, offset, fstatSync(descriptor).size);
  if (tail.equals(before) || tail.equals(after)) {
    fsyncSync(descriptor);
    unlinkSync(place);
    return 'nothing';
  }
  if (!isHalfWritten(tail, recovery)) {
    renameSync(place, `${place}.unused`);
    return 'put-aside';
  }
  overwrite(descriptor, { offset, bytes: after });
  unlinkSync(place);
  return 'completed';
};

// What the kernel answers when it does not do what it was asked.

import { type ErrnoName, errnoName, errnoText } from './errno.ts';

/** An operation that the kernel refused. It never names a description or a payload. */
export class KeyctlError extends Error {
  override readonly name = 'KeyctlError';
  /** Such as `ENOKEY`. */
  readonly code: ErrnoName;
  /** The number behind the code. */
  readonly errno: number;
  /** What was asked, such as `search`. */
  readonly operation: string;

  constructor(operation: string, errno: number) {
    const code = errnoName(errno);
    super(`${operation}: ${errnoText(errno)} (${code})`);
    this.code = code;
    this.errno = errno;
    this.operation = operation;
  }
}

/** Whether `error` is the kernel's, with one of these codes. */
export const isKeyctlError = (error: unknown, ...codes: readonly ErrnoName[]): error is KeyctlError =>
  error instanceof KeyctlError && codes.includes(error.code);

/** Whether the kernel says that a key is not there, or not any more: no such key, revoked, or expired. */
export const isMissing = (error: unknown): error is KeyctlError =>
  isKeyctlError(error, 'ENOKEY', 'EKEYREVOKED', 'EKEYEXPIRED');

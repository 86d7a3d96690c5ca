// What a store throws when it cannot do its work: the file is missing, damaged, of another format, or the disk fails. The
// code is one of the table of refusals, so that a front can pass it on; the message may name the file, never its contents.

import type { RefusalCode } from '@chatelaine/contract';

/**
 * `not-found`: no such file. `already-exists`: creating would replace something. `damaged`: not a store, cut off, or a page is
 * broken. `unsupported-format`: written by a newer version. `wrong-purpose`: development against production. `busy`: another
 * process has it open. `denied`: file permissions. `internal`: the disk failed; the store takes no more commits.
 */
export type StoreErrorCode = Extract<
  RefusalCode,
  | 'not-found'
  | 'already-exists'
  | 'damaged'
  | 'unsupported-format'
  | 'wrong-purpose'
  | 'busy'
  | 'denied'
  | 'disk-full'
  | 'internal'
>;

/** Thrown by stores; see {@link StoreErrorCode}. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

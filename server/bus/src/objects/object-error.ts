// An answer that says no, with one of the error names that D-Bus itself defines.

/** Names below `org.freedesktop.DBus.Error.` */
export type ErrorKind =
  | 'AccessDenied'
  | 'Failed'
  | 'InvalidArgs'
  | 'LimitsExceeded'
  | 'NoReply'
  | 'PropertyReadOnly'
  | 'UnknownInterface'
  | 'UnknownMethod'
  | 'UnknownObject'
  | 'UnknownProperty';

/** Becomes the answer; its words are for people. */
export class ObjectError extends Error {
  override readonly name = 'ObjectError';
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, words: string) {
    super(words);
    this.kind = kind;
  }

  /** The D-Bus name of the error. */
  get errorName(): string {
    return `org.freedesktop.DBus.Error.${this.kind}`;
  }
}

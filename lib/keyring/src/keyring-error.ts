// Why the store or the lock refuses. One table of stable codes, each with what to do about it.

const refusals = {
  unavailable: ['the kernel gives this process no keys', 'a container runtime may forbid them by its seccomp filter'],
  'no-session': [
    'there is no session keyring: what is stored would be gone when this process ends',
    'log in through PAM (pam_keyinit), run under "keyctl session", or choose the parent "user" or "persistent"',
  ],
  'session-revoked': ['the session keyring was revoked, as at a logout', 'start a new login, or choose another parent'],
  'not-permitted': ['there is an entry, but its permissions do not allow that', undefined],
  'over-quota': ['the quota for keys is used up', 'see /proc/key-users and keyrings(7), "Limits"'],
  'invalid-name': ['the name cannot be one of a key', undefined],
  'empty-secret': ['the secret is empty, which the kernel cannot keep; the old one is unchanged', undefined],
  'secret-too-long': ['the secret is larger than the kernel can keep', undefined],
  'not-text': ['the secret is not text in UTF-8', 'read it as bytes'],
  'not-initialised': ['there is no lockable keyring yet', 'make one first'],
  'already-initialised': ['there is a lockable keyring already', undefined],
  locked: ['the keyring is locked', 'unlock it first'],
  'wrong-pass-phrase': ['the pass phrase is wrong; nothing was changed', undefined],
  'public-key-changed': [
    'the public key in the keyring is not the pinned one',
    'something may have put it there to read what is stored next: look at the keyring before you go on',
  ],
  damaged: ['what is in the keyring is not in the form that was written', undefined],
} as const satisfies Record<string, readonly [string, string | undefined]>;

/** Stable: never renamed. */
export type KeyringErrorCode = keyof typeof refusals;

/** A refusal of the store or the lock. It names no secret; the message may name a service or user. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
  readonly code: KeyringErrorCode;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(code: KeyringErrorCode, options: { detail?: string; cause?: unknown } = {}) {
    const [text, hint] = refusals[code];
    super(options.detail === undefined ? text : `${text}: ${options.detail}`, { cause: options.cause });
    this.code = code;
    this.hint = hint;
  }
}

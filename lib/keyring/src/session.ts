// Whether there is a session keyring. Invariant: nothing here makes one. A write to the session's keyring of a process that has
// none makes a new one for the calling thread alone and reports success; what was written is gone when the process ends.
// session-keyring(7), user-session-keyring(7), pam_keyinit(8)

import { parseDescription } from './key-description.ts';
import * as keyctl from './keyctl.ts';
import { isKeyctlError } from './keyctl-error.ts';
import { KeyringError } from './keyring-error.ts';
import { specialKeyring } from './special-keyring.ts';

/** What a thread has. */
export type SessionState =
  /** A keyring that it shares with its parent and children. */
  | { readonly kind: 'session'; readonly id: number }
  /** None; the kernel lets the uid's default one stand in when it is read. */
  | { readonly kind: 'none' }
  /** One that a logout has revoked. */
  | { readonly kind: 'revoked' };

/**
 * Looks at the session keyring of the calling thread.
 *
 * @throws {KeyringError} `unavailable` if the kernel has no keys, or a filter forbids them.
 */
export const findSession = (): SessionState => {
  try {
    const id = keyctl.getKeyringId(specialKeyring.session);
    const name = parseDescription(keyctl.describe(id)).description;
    return name.toString('latin1').startsWith('_uid_ses.') ? { kind: 'none' } : { kind: 'session', id };
  } catch (error) {
    if (isKeyctlError(error, 'ENOSYS', 'EPERM')) throw new KeyringError('unavailable', { cause: error });
    if (isKeyctlError(error, 'EKEYREVOKED', 'EKEYEXPIRED')) return { kind: 'revoked' };
    if (isKeyctlError(error, 'ENOKEY')) return { kind: 'none' };
    throw error;
  }
};

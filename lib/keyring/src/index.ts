// The keyring of the Linux kernel: every operation (`keyctl`), keys and keyrings as objects, and a store of passwords. The store with a
// lock is the entry `sealed`: it needs cryptography, which takes time to load.

export { type KernelText, MAX_DESCRIPTION_BYTES, MAX_PAYLOAD_BYTES, MAX_TYPE_BYTES } from './argument-checks.ts';
export type { Credential, SetOptions } from './credential.ts';
export type { RingPlace } from './entry-ring.ts';
export type { ErrnoName } from './errno.ts';
export { Key } from './key.ts';
export { type KeyDescription, parseDescription } from './key-description.ts';
export * as keyctl from './keyctl.ts';
export { isKeyctlError, isMissing, KeyctlError } from './keyctl-error.ts';
export { Keyring, type ListedKey } from './keyring.ts';
export { KeyringError, type KeyringErrorCode } from './keyring-error.ts';
export { makeKeyring } from './make-keyring.ts';
export type { ParentChoice } from './parent-keyring.ts';
export { PasswordStore, PLAIN_RING } from './password-store.ts';
export {
  DEFAULT_MASK,
  FROZEN_MASK,
  formatMask,
  makeMask,
  type Permissions,
  POSSESSOR_ONLY_MASK,
  permission,
  readMask,
} from './permissions.ts';
export { type RemainingTime, remainingTime } from './remaining-time.ts';
export { allocateSecret } from './secret-buffer.ts';
export { findSession, type SessionState } from './session.ts';
export { specialKeyring } from './special-keyring.ts';

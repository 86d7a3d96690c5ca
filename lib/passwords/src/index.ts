// Passwords by key and format: generate once, derive each format, answer the same for ever.

export {
  builtInProfiles,
  type CreateOptions,
  defaultOptions,
  type MergedOptions,
  mergeOptions,
  type OptionDefaults,
  type Profiles,
} from './create-options.ts';
export { MemoryStore } from './memory-store.ts';
export {
  type KeyExpiry,
  type PasswordRecord,
  type PasswordStore,
  PasswordStoreError,
  type PasswordStoreErrorCode,
  type RecordChange,
} from './password-store.ts';
export { type KeyView, Passwords, type RemovedKey } from './passwords.ts';
export type { PasswordAnswer, PasswordChange, PasswordsSettings } from './passwords-settings.ts';
export { charsets, randomPassword } from './random-password.ts';
export type { PasswordRefusalCode, PasswordRefused } from './refused.ts';

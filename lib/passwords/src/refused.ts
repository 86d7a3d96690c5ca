// Refusals of the workflow: values with a stable code, a field where one is at fault, and a sentence without any secret in it.

import type { FormatRefusalCode } from '@chatelaine/password-hash';

/** Why nothing was done. Codes are stable; those of the formats pass through. */
export type PasswordRefusalCode =
  | FormatRefusalCode
  /** There is no such format. */
  | 'unknown-format'
  /** There is no profile of that name. */
  | 'unknown-profile'
  /** No plain password is stored, and none may be generated. */
  | 'no-plain'
  /** The plain password was removed; a new one would replace the formats that are in use. */
  | 'plain-is-gone'
  /** The password would be empty. */
  | 'empty-password'
  /** The same key was changed again and again while an answer was computed. */
  | 'contended';

/** A refusal. */
export interface PasswordRefused {
  readonly kind: 'refused';
  readonly code: PasswordRefusalCode;
  /** The option at fault. */
  readonly field?: string;
  readonly message: string;
}

export const refuse = (code: PasswordRefusalCode, message: string, field?: string): PasswordRefused => ({
  kind: 'refused',
  code,
  ...(field !== undefined && { field }),
  message,
});

// What the workflow is given: its store, its formats, its clock, and how careful it is.

import type { PasswordFormat } from '@chatelaine/password-hash';
import type { OptionDefaults } from './create-options.ts';
import type { PasswordStore } from './password-store.ts';
import type { PasswordRefused } from './refused.ts';

/** A value, for the caller to wipe; nothing; or why not. */
export type PasswordAnswer =
  | { readonly kind: 'value'; readonly value: Uint8Array; readonly isNew: boolean }
  | { readonly kind: 'none' }
  | PasswordRefused;

/** What was changed, for those who want to hear of it. Without any value. */
export interface PasswordChange {
  readonly kind: 'set' | 'delete';
  readonly key: string;
  /** Absent: the whole key. */
  readonly format?: string;
}

export interface PasswordsSettings {
  readonly store: PasswordStore;
  readonly formats: ReadonlyMap<string, PasswordFormat>;
  readonly defaults: OptionDefaults;
  /** Milliseconds since 1970. */
  readonly nowUnixMs: () => number;
  readonly random: (target: Uint8Array) => void;
  /**
   * `trocla`: a new plain password replaces the formats in use, may be empty, and outlives a failed call; options that make
   * no sense are ignored. `safe`: all of this is refused.
   */
  readonly manner: 'safe' | 'trocla';
  /** Called after every durable change, in order. */
  readonly onChange?: (change: PasswordChange) => void;
}

// What every command on the keyring takes: whether the lockable keyring is meant, and where it hangs.

import type { ParentChoice } from '@chatelaine/keyring';
import { Failure } from '../failure.ts';

export const parentChoices = ['session', 'user', 'persistent'] as const;

export interface KeyringOptions {
  readonly sealed?: boolean;
  readonly parent?: string;
}

const isYes = (value: string | undefined): boolean => value !== undefined && !['', '0', 'no', 'false'].includes(value);

/** Whether the lockable keyring is meant: `--sealed`, or KEYRING_SEALED=1. */
export const isSealed = (options: KeyringOptions): boolean => options.sealed ?? isYes(process.env['KEYRING_SEALED']);

/** The keyring that ours hangs in: `--parent`, or KEYRING_PARENT, or the session's. */
export const chosenParent = (options: KeyringOptions): ParentChoice => {
  const choice = options.parent ?? process.env['KEYRING_PARENT'] ?? 'session';
  const known = parentChoices.find((name) => name === choice);
  if (known === undefined) throw new Failure('usage', `The parent is one of ${parentChoices.join(', ')}.`);
  return known;
};

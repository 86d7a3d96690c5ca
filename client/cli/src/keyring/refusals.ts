// How a refusal of the keyring ends a command. 1 is kept for "no such entry", so that a script can tell it from all else.

import { KeyctlError, KeyringError, type KeyringErrorCode } from '@chatelaine/keyring';
import type { ExitName } from '../exit-codes.ts';
import { Failure } from '../failure.ts';

const exits: Readonly<Record<KeyringErrorCode, ExitName>> = {
  unavailable: 'configuration',
  'no-session': 'configuration',
  'session-revoked': 'configuration',
  'not-permitted': 'configuration',
  'over-quota': 'configuration',
  'invalid-name': 'usage',
  'empty-secret': 'input',
  'secret-too-long': 'input',
  'not-text': 'input',
  'not-initialised': 'configuration',
  'already-initialised': 'configuration',
  locked: 'unreachable',
  'wrong-pass-phrase': 'usage',
  'public-key-changed': 'configuration',
  damaged: 'input',
};

/** Hints that name the command, in place of those of the library. */
const hints: Partial<Record<KeyringErrorCode, string>> = {
  'no-session': 'Log in through PAM (pam_keyinit), run under "keyctl session", or give --parent user or persistent.',
  'not-initialised': 'chatelaine keyring init --sealed makes one.',
  locked: 'chatelaine keyring unlock opens it.',
};

const asSentence = (text: string): string => `${text.replace(/^./, (first) => first.toUpperCase())}.`;

/** Runs a command on the keyring, and says in words what the keyring refuses. */
export const refusing = async <Result>(run: () => Result | Promise<Result>): Promise<Result> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof KeyringError) {
      const hint = hints[error.code] ?? (error.hint === undefined ? undefined : asSentence(error.hint));
      throw new Failure(exits[error.code], asSentence(error.message), hint);
    }
    if (error instanceof KeyctlError) throw new Failure('configuration', `The kernel refuses: ${error.message}.`);
    throw error;
  }
};

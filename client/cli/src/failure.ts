// How a command ends early: with an exit code, what is wrong, and what to do about it. Never with input that may be secret.

import type { ExitName } from './exit-codes.ts';

/** Ends the command; the text and the hint are shown to the person. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exit: ExitName;
  readonly hint: string | undefined;

  constructor(exit: ExitName, text: string, hint?: string) {
    super(text);
    this.exit = exit;
    this.hint = hint;
  }
}

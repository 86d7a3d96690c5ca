// What an action that failed says, in the original's words where it has any.

import type { PasswordRefused } from '@chatelaine/passwords';

/** An action failed; the message goes behind Trocla's own introduction. */
export class ActionFailed extends Error {
  override readonly name = 'ActionFailed';
}

/** The original's words by format, code and field. */
const originalWords: Readonly<Record<string, string>> = {
  'pgsql missing-option username': 'You need pass the username as an option to use this format',
};

/** The message for a refusal. */
export const failureOf = (refused: PasswordRefused, format: string): ActionFailed => {
  const { code, field, message } = refused;
  if (code === 'unsupported-password' && /NUL/i.test(message)) return new ActionFailed('string contains null byte');
  if (message.startsWith('CN: You need')) return new ActionFailed(message.slice('CN: '.length));
  return new ActionFailed(originalWords[`${format.toLowerCase()} ${code} ${field}`] ?? message);
};

// The refusals of a session, as the way a command ends.

import { isRefused, type Refused, type SessionRefusalCode } from '@chatelaine/session';
import type { ExitName } from '../exit-codes.ts';
import { Failure } from '../failure.ts';

const exitNames: Record<SessionRefusalCode, ExitName> = {
  'malformed-token': 'noToken',
  damaged: 'noToken',
  'another-shell': 'otherShell',
  'another-user': 'otherShell',
  'another-container': 'otherShell',
  'another-machine': 'otherShell',
  'another-boot': 'otherShell',
  'shell-ended': 'otherShell',
  'unknown-session': 'sessionEnded',
  expired: 'sessionEnded',
  'logged-out': 'sessionEnded',
  'not-logged-in': 'notLoggedIn',
  'invalid-name': 'usage',
  'invalid-key': 'usage',
  'no-shell': 'refused',
  'no-room': 'refused',
  'no-place': 'configuration',
  'unsafe-place': 'configuration',
};

/** What a session answered; a refusal ends the command. */
export const orFail = <T extends object>(answer: T | Refused): T => {
  if (isRefused(answer)) throw new Failure(exitNames[answer.code], answer.text, answer.hint);
  return answer;
};

// The keep's refusals, as the way a command ends.

import { explainRefusal, type RefusalCode, type Refused, type Result } from '@chatelaine/contract';

import type { ExitName } from './exit-codes.ts';
import { Failure } from './failure.ts';

const exitNames: Partial<Record<RefusalCode, ExitName>> = {
  sealed: 'unreachable',
  unavailable: 'unreachable',
  deadline: 'unreachable',
  'invalid-input': 'usage',
};

/** A refusal of the keep as the end of a command. */
export const failureOf = (refused: Refused, subject?: string): Failure => {
  const { text, hint } = explainRefusal(refused);
  const about = subject === undefined ? '' : `${subject}: `;
  return new Failure(exitNames[refused.code] ?? 'refused', `${about}${text}`, hint);
};

/** The value of an answer; a refusal ends the command. */
export const answerOf = <T>(result: Result<T>, subject?: string): T => {
  if (result.kind === 'refused') throw failureOf(result, subject);
  return result.value;
};

// The keep's refusals in the words of the bus: one table for errors, one for the reason that Mandos's signal Rejected carries.

import { explainRefusal, isRefusalCode, type RefusalCode, type Refused, refuse } from '@chatelaine/contract';
import { type ErrorKind, ObjectError } from '../objects/object-error.ts';

const errorKinds: Partial<Record<RefusalCode, ErrorKind>> = {
  'not-found': 'UnknownObject',
  'invalid-input': 'InvalidArgs',
  'too-large': 'LimitsExceeded',
  busy: 'LimitsExceeded',
  denied: 'AccessDenied',
  'needs-signatures': 'AccessDenied',
  'needs-code': 'AccessDenied',
  deadline: 'NoReply',
};

/** A refusal as an error on the bus, with what to do about it. */
export const refusalError = (refused: Refused): ObjectError => {
  const { text, hint } = explainRefusal(refused);
  return new ObjectError(errorKinds[refused.code] ?? 'Failed', `${text} ${hint} (${refused.code})`);
};

/** What Mandos says itself, and what it has no words for. */
const rejections: Partial<Record<RefusalCode, string>> = {
  disabled: 'Disabled',
  // To Mandos a machine whose time ran out is a disabled one.
  expired: 'Disabled',
  'not-approved': 'Denied',
  'pending-approval': 'Approval timed out',
  'outside-window': 'Outside its hours',
};

/** Why a machine got nothing, as the signal Rejected says it. */
export const rejectionReason = (code: string): string => {
  if (!isRefusalCode(code)) return code;
  return rejections[code] ?? explainRefusal(refuse(code)).text.replace(/\.$/, '');
};

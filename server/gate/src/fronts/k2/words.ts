// What the server says. Everything is a line; JSON is one line too, so that it cannot be taken for another word.

import { explainRefusal, type Refused } from '@chatelaine/contract';

export const READY = 'READY 1\n';
export const MORE = 'MORE\n';
export const BYE = 'BYE\n';

/** The module that refuses whatever is no command of another one. */
export const CORE = 'K2KSM';

/** OK, with what there is to say. */
export const okay = (answer: unknown): string => (answer === undefined ? 'OK\n' : `OK\n${JSON.stringify(answer)}\n`);

/** NOK, with the module that refuses, the stable code, and words for people. Nothing that was sent is in it. */
export const nok = (module: string, refused: Refused): string => {
  const { text, hint } = explainRefusal(refused);
  return `NOK\n${JSON.stringify({ module, code: refused.code, details: `${text} ${hint}` })}\n`;
};

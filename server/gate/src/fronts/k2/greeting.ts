// The first line on the socket, which `chatelaine k2` says before it joins its own standard input to it:
//
//   K2 SOURCE TOKEN
//
// SOURCE is the address that the client came from, TOKEN its credential as for the HTTP API; `-` stands for none.

import { isIP } from 'node:net';
import { ok, type Result, refuse } from '@chatelaine/contract';

/** Longer than any greeting. */
export const MAX_GREETING_BYTES = 1_024;

const FORM = /^K2 (\S{1,100}) ([\x21-\x7e]{1,512})$/;
const NONE = '-';

/** Who says that they speak. */
export interface Greeting {
  /** Only asserted. */
  readonly source?: string;
  /** ASCII, in memory of its own: wiped by whoever asked for it. */
  readonly credential?: Buffer;
}

/** Reads it. Refusal: `invalid-input`. */
export const readGreeting = (line: Buffer): Result<Greeting> => {
  const [, source = '', token = ''] = FORM.exec(line.toString('latin1')) ?? [];
  if (token === '' || (source !== NONE && isIP(source) === 0)) return refuse('invalid-input');
  const credential = token === NONE ? undefined : Buffer.allocUnsafeSlow(token.length);
  credential?.write(token, 'latin1');
  return ok({ ...(source !== NONE && { source }), ...(credential !== undefined && { credential }) });
};

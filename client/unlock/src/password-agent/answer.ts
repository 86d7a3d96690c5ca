// The answer to a question: one datagram, a plus sign and the password. systemd takes it from root only.
// https://systemd.io/PASSWORD_AGENTS/

import { openDatagramSocket } from '@chatelaine/process/datagram-socket';
import type { Question } from './question.ts';

const PLUS = 0x2b;
/** systemd cuts what is longer, and says nothing. */
const MAX_PASSWORD_BYTES = 2_048;

/** Why a password cannot be an answer; `undefined` if it can. */
export const whyNoAnswer = (password: Uint8Array): string | undefined => {
  if (password.includes(0)) return 'it holds a zero byte, which systemd takes for the end of a password';
  if (password.length > MAX_PASSWORD_BYTES)
    return `it is longer than the ${MAX_PASSWORD_BYTES} bytes that systemd takes`;
  return undefined;
};

/** Sends it; gives whether it has arrived. What has not may be tried again. */
export const answer = ({ socket }: Question, password: Uint8Array): boolean => {
  const datagram = Buffer.allocUnsafeSlow(password.length + 1);
  datagram[0] = PLUS;
  datagram.set(password, 1);
  try {
    const way = openDatagramSocket(socket);
    try {
      return way.send(datagram) === 'sent';
    } finally {
      way.close();
    }
  } catch (error) {
    // A path that no socket can have.
    if (error instanceof RangeError) return false;
    throw error;
  } finally {
    datagram.fill(0);
  }
};

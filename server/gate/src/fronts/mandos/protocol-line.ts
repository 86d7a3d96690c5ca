// The first line of a connection: a decimal protocol version up to LF, and the version must be 1 or less. Whatever follows
// the version in the line is reserved and ignored. Mandos network protocol, version 1.

import { isUtf8 } from 'node:buffer';

/** Longer than any line that a machine sends. */
export const MAX_LINE_BYTES = 256;

const LF = 0x0a;
const SPOKEN = /^[ \t\v\f\r]*(?:-\d+|\+?0*[01])(?=[ \t\v\f\r]|$)/;

/** Whether a line, without its LF, asks for a protocol that is spoken here. */
const isSpokenHere = (line: Buffer): boolean => isUtf8(line) && SPOKEN.test(line.toString('latin1'));

/** What the bytes so far amount to: wait for more, speak TLS, or hang up without a word. */
export type LineVerdict = 'more' | 'spoken' | 'hang-up';

/**
 * Judges the bytes that have come so far. A machine sends nothing after the LF until it hears from us: bytes behind it are
 * a violation.
 *
 * @param hasEnded the peer sends no more; what is there is the line
 */
export const judgeLine = (bytes: Buffer, hasEnded: boolean): LineVerdict => {
  const end = bytes.indexOf(LF);
  if (end === -1 && !hasEnded) return bytes.length < MAX_LINE_BYTES ? 'more' : 'hang-up';
  if (end === -1) return isSpokenHere(bytes) ? 'spoken' : 'hang-up';
  if (end >= MAX_LINE_BYTES || end !== bytes.length - 1) return 'hang-up';
  return isSpokenHere(bytes.subarray(0, end)) ? 'spoken' : 'hang-up';
};

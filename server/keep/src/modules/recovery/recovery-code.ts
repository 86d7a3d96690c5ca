// A recovery code: 12 letters and digits, 60 random bits, written in three groups of four. Bytes throughout, never a string.

import { recovery } from '@chatelaine/contract';
import { hmac } from '../../otp/hmac.ts';

const GROUP = 4;
const DASH = 0x2d;
const letters = Buffer.from(recovery.CODE_ALPHABET, 'ascii');

/** Makes a code, as it is written down. 32 letters: every random byte gives one, none more often than another. */
export const makeCode = (random: (sizeBytes: number) => Uint8Array): Buffer => {
  const bytes = random(recovery.CODE_LETTERS);
  const written = Buffer.allocUnsafeSlow(recovery.CODE_LETTERS + recovery.CODE_LETTERS / GROUP - 1);
  let at = 0;
  for (const [index, byte] of bytes.entries()) {
    if (index > 0 && index % GROUP === 0) written[at++] = DASH;
    written[at++] = letters[byte % letters.length] as number;
  }
  bytes.fill(0);
  return written;
};

/** The letters of what somebody typed; undefined if it is no code. The caller wipes them. */
export const parseCode = (text: string): Buffer | undefined => {
  const typed = text.replaceAll(/[\s-]/g, '').toLowerCase();
  if (typed.length !== recovery.CODE_LETTERS) return undefined;
  for (const letter of typed) if (!recovery.CODE_ALPHABET.includes(letter)) return undefined;
  return Buffer.from(typed, 'ascii');
};

/** What is kept of a code, as it is written down or only its letters. */
export const digestOf = (code: Uint8Array, salt: Uint8Array): Buffer => {
  const bare = Buffer.allocUnsafeSlow(recovery.CODE_LETTERS).fill(0);
  let at = 0;
  for (const byte of code) if (byte !== DASH && at < bare.length) bare[at++] = byte;
  const digest = hmac('sha256', salt, bare);
  bare.fill(0);
  return digest;
};

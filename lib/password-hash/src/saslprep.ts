// SASLprep (RFC 4013) as PostgreSQL applies it: a client normalizes what its user types, and a verifier made of anything else
// would never let it in. What SASLprep does not allow counts as it is. PostgreSQL, src/common/saslprep.c.

import { isAscii, isUtf8 } from 'node:buffer';
import { joinBytes, wipe } from './wipe.ts';

/** RFC 3454, C.1.2: spaces that become the ordinary one. */
const otherSpaces = /[\u{a0}\u{1680}\u{2000}-\u{200b}\u{202f}\u{205f}\u{3000}]/gu;

/** RFC 3454, B.1: dropped. */
const dropped = /\u{ad}|\u{34f}|\u{1806}|[\u{180b}-\u{180d}]|\u{200c}|\u{200d}|\u{2060}|[\u{fe00}-\u{fe0f}]|\u{feff}/gu;

/** RFC 3454, C.2 to C.9, and the pictographs, which Unicode 3.2 did not have yet. */
const prohibited = new RegExp(
  [
    '\\p{Cc}|\\p{Co}|\\p{Cs}|\\p{Noncharacter_Code_Point}',
    '[\\u{6dd}\\u{70f}\\u{180e}\\u{2028}\\u{2029}\\u{2061}-\\u{2063}\\u{206a}-\\u{206f}\\u{fff9}-\\u{fffd}]',
    '[\\u{2ff0}-\\u{2ffb}\\u{340}\\u{341}\\u{200e}\\u{200f}\\u{202a}-\\u{202e}]',
    '[\\u{1d173}-\\u{1d17a}\\u{1f000}-\\u{1faff}\\u{e0001}\\u{e0020}-\\u{e007f}]',
  ].join('|'),
  'u',
);

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const leftToRight = /(?![\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}])\p{L}/u;

const isMixed = (text: string): boolean => {
  if (!rightToLeft.test(text)) return false;
  const characters = [...text];
  const isWhole = [characters.at(0), characters.at(-1)].every((character) => rightToLeft.test(character ?? ''));
  return leftToRight.test(text) || !isWhole;
};

/**
 * The bytes that PostgreSQL and its clients compute with, a copy that the caller wipes. Of a password outside ASCII, and of
 * no other, a JavaScript string is made on the way: nothing else normalizes.
 */
export const saslprep = (plain: Uint8Array): Buffer => {
  const copy = joinBytes(plain);
  if (isAscii(plain) || !isUtf8(plain)) return copy;
  const text = copy.toString().replaceAll(otherSpaces, ' ').replaceAll(dropped, '').normalize('NFKC');
  if (text === '' || prohibited.test(text) || isMixed(text)) return copy;
  wipe(copy);
  return Buffer.from(text);
};

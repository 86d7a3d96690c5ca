// Parameters as a query or the body of a form has them: application/x-www-form-urlencoded, read so that nothing is refused. An
// escape that is none stands for itself, and of a name that is given twice the last value counts.

import { yubiotp } from '@chatelaine/contract';

const decode = (text: string): string => {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  return spaced.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
};

/**
 * Reads parameters.
 *
 * @param text one character a byte
 * @returns names and values, decoded, one character a byte too
 */
export const formParameters = (text: string): yubiotp.ValidationPair[] => {
  const found = new Map<string, string>();
  for (const piece of text.split('&', yubiotp.MAX_PARAMETERS)) {
    const at = piece.indexOf('=');
    const name = decode(at < 0 ? piece : piece.slice(0, at));
    if (name !== '') found.set(name, at < 0 ? '' : decode(piece.slice(at + 1)));
  }
  return [...found].map(([name, value]) => ({ name, value }));
};

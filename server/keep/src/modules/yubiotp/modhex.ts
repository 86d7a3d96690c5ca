// Hexadecimal digits as letters that lie on the same keys of most keyboards, and what a Dvorak layout makes of them.

const MODHEX = 'cbdefghijklnrtuv';
const DVORAK = 'jxe.uidchtnbpygk';

/** A code as a YubiKey types it. */
export interface TypedOtp {
  readonly publicId: string;
  /** The encrypted block, 16 bytes. */
  readonly block: Buffer;
  /** Both as modhex in lower case, whatever the keyboard made of it. */
  readonly letters: string;
}

/** The digit of each character of an alphabet, in either case; -1 of any other. */
const digitsByCode = (alphabet: string): Int8Array => {
  const digits = new Int8Array(128).fill(-1);
  for (const [digit, letter] of [...alphabet].entries()) {
    digits[letter.charCodeAt(0)] = digit;
    digits[letter.toUpperCase().charCodeAt(0)] = digit;
  }
  return digits;
};

const ofModhex = digitsByCode(MODHEX);
const ofDvorak = digitsByCode(DVORAK);
const letterCodes = Buffer.from(MODHEX);

const readDigits = (text: string, digitOf: Int8Array): Buffer | undefined => {
  const digits = Buffer.allocUnsafe(text.length);
  for (let at = 0; at < text.length; at++) {
    const digit = digitOf[text.charCodeAt(at)] ?? -1;
    if (digit < 0) return undefined;
    digits[at] = digit;
  }
  return digits;
};

/** Writes bytes as modhex. */
export const toModhex = (bytes: Uint8Array): string =>
  [...Buffer.from(bytes).toString('hex')].map((digit) => MODHEX[Number.parseInt(digit, 16)] ?? '').join('');

/** Reads what was typed. The layouts share most letters: it is Dvorak only if it is not modhex as it stands. */
export const parseOtp = (text: string): TypedOtp | undefined => {
  const typed = text.trim();
  if (typed.length < 32 || typed.length > 48) return undefined;
  const digits = readDigits(typed, ofModhex) ?? readDigits(typed, ofDvorak);
  if (digits === undefined) return undefined;
  const begin = digits.length - 32;
  const block = Buffer.alloc(16);
  for (let at = 0; at < 16; at++) {
    block[at] = ((digits[begin + 2 * at] ?? 0) << 4) | (digits[begin + 2 * at + 1] ?? 0);
  }
  const letters = Buffer.from(digits.map((digit) => letterCodes[digit] ?? 0)).toString('latin1');
  return { publicId: letters.slice(0, begin), block, letters };
};

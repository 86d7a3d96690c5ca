// Hexadecimal digits as letters that lie on the same keys of most keyboards, and what a Dvorak layout makes of them.

const MODHEX = 'cbdefghijklnrtuv';
const DVORAK = 'jxe.uidchtnbpygk';

/** A code as a YubiKey types it. */
export interface TypedOtp {
  readonly publicId: string;
  /** The encrypted block, 16 bytes. */
  readonly block: Buffer;
}

const translate = (text: string, from: string): string | undefined => {
  let hex = '';
  for (const letter of text) {
    const digit = from.indexOf(letter);
    if (digit < 0) return undefined;
    hex += digit.toString(16);
  }
  return hex;
};

/** Writes bytes as modhex. */
export const toModhex = (bytes: Uint8Array): string =>
  [...Buffer.from(bytes).toString('hex')].map((digit) => MODHEX[Number.parseInt(digit, 16)] ?? '').join('');

/** Reads what was typed. The layouts share most letters: it is Dvorak only if it is not modhex as it stands. */
export const parseOtp = (text: string): TypedOtp | undefined => {
  const typed = text.trim().toLowerCase();
  if (typed.length < 32 || typed.length > 48) return undefined;
  const hex = translate(typed, MODHEX) ?? translate(typed, DVORAK);
  if (hex === undefined) return undefined;
  const letters = [...hex].map((digit) => MODHEX[Number.parseInt(digit, 16)] ?? '').join('');
  return { publicId: letters.slice(0, -32), block: Buffer.from(hex.slice(-32), 'hex') };
};

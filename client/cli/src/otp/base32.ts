// Base32 as seeds are written: upper case without padding to others, in any case and with blanks from others. RFC 4648, section 6.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Writes bytes without padding. */
export const toBase32 = (bytes: Uint8Array): string => {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >>> bits) & 31];
    }
    held &= 31;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
};

/** Reads what somebody typed or pasted; undefined if it is no Base32. The caller wipes the bytes. */
export const fromBase32 = (text: string): Buffer | undefined => {
  const letters = text.replaceAll(/[\s-]/g, '').toUpperCase().replace(/=+$/, '');
  if (!/^[A-Z2-7]+$/.test(letters) || [1, 3, 6].includes(letters.length % 8)) return undefined;
  const bytes = Buffer.alloc(Math.floor((letters.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of letters) {
    held = ((held << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >>> bits) & 0xff;
  }
  return bytes;
};

// Random passwords. Invariant: every character is drawn independently and uniformly from the alphabet, by rejection.

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const alphanumeric = lower + upper + digits;
const shellsafe = `${alphanumeric}+%/@=?_.,:`;
const without = (text: string, left: string): string => [...text].filter((letter) => !left.includes(letter)).join('');

/** The alphabets by name: those of Trocla, letter for letter. All of them are ASCII. */
export const charsets: ReadonlyMap<string, string> = new Map([
  ['default', `${shellsafe}*()&![]{}-`],
  ['alphanumeric', alphanumeric],
  ['shellsafe', shellsafe],
  ['windowssafe', `${alphanumeric}+%/@=?_.,`],
  ['consolesafe', `${alphanumeric}+.-,_`],
  ['numeric', digits],
  ['hexadecimal', `${digits}abcdef`],
  ['typesafe', without(lower + upper, 'ilyzILYZ') + without(digits, '0')],
]);

const BATCH_BYTES = 256;

/**
 * `length` characters of `alphabet` (ASCII, at most 256), as bytes that the caller wipes. `random` fills what it is given with
 * random bytes. Throws on an alphabet that is empty or too large.
 */
export const randomPassword = (
  length: number,
  alphabet: string,
  random: (target: Uint8Array) => void,
): Uint8Array<ArrayBuffer> => {
  const letters = Buffer.from(alphabet, 'latin1');
  if (letters.length === 0 || letters.length > 256) throw new RangeError('an alphabet has 1 to 256 characters');
  const fair = 256 - (256 % letters.length);
  // V8 moves small arrays about in its own heap, unless their memory is apart.
  const password = new Uint8Array(new ArrayBuffer(length));
  const batch = new Uint8Array(BATCH_BYTES);
  for (let made = 0; made < length; ) {
    random(batch);
    for (const byte of batch) {
      if (byte >= fair) continue;
      if (made === length) break;
      password[made++] = letters[byte % letters.length] ?? 0;
    }
  }
  batch.fill(0);
  return password;
};

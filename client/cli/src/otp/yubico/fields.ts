// Lines of the files of Yubico's servers: fields between commas, as bytes, since some of them are secrets. Each file may have LF or
// CRLF, empty lines, and comments.

import { TokenError } from '../import/token.ts';

const [COMMA, NEWLINE, RETURN, HASH] = [0x2c, 0x0a, 0x0d, 0x23];

/** One line that says something; its fields share the memory of the file. */
export interface Line {
  readonly where: string;
  readonly fields: readonly Buffer[];
}

const withoutEnd = (line: Buffer): Buffer => (line.at(-1) === RETURN ? line.subarray(0, -1) : line);

const withoutComment = (line: Buffer): Buffer => {
  const at = line.indexOf(HASH);
  return at < 0 ? line : line.subarray(0, at);
};

const split = (line: Buffer, most: number): Buffer[] => {
  const fields: Buffer[] = [];
  let rest = line;
  while (fields.length < most - 1) {
    const at = rest.indexOf(COMMA);
    if (at < 0) break;
    fields.push(rest.subarray(0, at));
    rest = rest.subarray(at + 1);
  }
  return [...fields, rest];
};

/**
 * The lines of a file, one after the other.
 *
 * @param most fields of a line; what follows is part of the last one
 * @param hasComments whether `#` begins a comment also behind data; otherwise only at the beginning of a line
 */
export function* linesOf(file: Buffer, most: number, hasComments: boolean): Generator<Line> {
  let number = 0;
  for (let from = 0; from < file.length; ) {
    const newline = file.indexOf(NEWLINE, from);
    const end = newline < 0 ? file.length : newline;
    const whole = withoutEnd(file.subarray(from, end));
    number++;
    from = end + 1;
    const line = hasComments || whole[0] === HASH ? withoutComment(whole) : whole;
    if (line.every((byte) => byte === 0x20 || byte === 0x09)) continue;
    yield { where: `line ${number}`, fields: split(line, most) };
  }
}

/** Text of a field that is no secret. */
export const textOf = (field: Buffer | undefined): string => (field ?? Buffer.alloc(0)).toString('utf8').trim();

/** A field of digits; throws {@link TokenError}, which names it. */
export const numberOf = (field: Buffer | undefined, name: string, least: number, most: number): number => {
  const text = textOf(field);
  const value = /^-?[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new TokenError(`${name} is no number from ${least} to ${most}`);
};

/** `1` or `0`. */
export const flagOf = (field: Buffer | undefined, name: string): boolean => numberOf(field, name, 0, 1) === 1;

const digitOf = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
};

/** The bytes that hexadecimal digits say, in memory of their own: whoever asks wipes them. Throws {@link TokenError}. */
export const bytesOf = (field: Buffer | undefined, name: string, sizeBytes: number): Buffer => {
  const digits = field ?? Buffer.alloc(0);
  const bytes = Buffer.alloc(sizeBytes);
  let isHex = digits.length === 2 * sizeBytes;
  for (let at = 0; isHex && at < sizeBytes; at++) {
    const [high, low] = [digitOf(digits[2 * at] ?? 0), digitOf(digits[2 * at + 1] ?? 0)];
    isHex = high >= 0 && low >= 0;
    bytes[at] = (high << 4) | low;
  }
  if (isHex) return bytes;
  bytes.fill(0);
  throw new TokenError(`${name} is not ${2 * sizeBytes} hexadecimal digits`);
};

/** The letters in front of the codes of a key; there may be none. */
export const publicIdOfField = (field: Buffer | undefined): string => {
  const text = textOf(field);
  if (/^[cbdefghijklnrtuv]{0,16}$/.test(text)) return text;
  throw new TokenError('the public name is not 0 to 16 modhex letters');
};

/** Text that is kept beside a key or a client, without what would break a line of an export. */
export const noteOf = (field: Buffer | undefined, name: string, most: number): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  const text = textOf(field).replaceAll(/[\u0000-\u001f\u007f,]/g, ' ');
  if (text.length <= most) return text;
  throw new TokenError(`${name} has more than ${most} characters`);
};

// Many secrets sought at once, in every form in which they could lie about: raw, hex, modhex, base64 at each of its three alignments,
// and each of these as UTF-16, which is how strings of JavaScript may lie in memory. A piece from the middle of a secret is
// enough, so that one whose ends were written over is found too.

/** Bytes sought of a secret that is longer. */
const PIECE_BYTES = 16;
const KEY_BYTES = 8;
/** Longest form of a piece: base64 or hex, in UTF-16. */
export const LONGEST_NEEDLE_BYTES = 4 * PIECE_BYTES;

interface Needle {
  readonly name: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** What was found. */
export interface Found {
  readonly name: string;
  readonly form: string;
  /** Where, within what was searched. */
  readonly at: number;
}

/** Base64 of bytes as they are encoded behind 0, 1 and 2 others; only the characters that they alone decide. */
const base64Forms = (bytes: Buffer): readonly string[] =>
  [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes, Buffer.alloc(3)]).toString('base64');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });

const formsOf = (secret: Buffer): readonly (readonly [string, Buffer])[] => {
  const middle = Math.max(0, (secret.length - PIECE_BYTES) >> 1);
  const piece = secret.subarray(middle, middle + PIECE_BYTES);
  const hex = piece.toString('hex');
  const texts: readonly (readonly [string, string])[] = [
    ['raw', piece.toString('latin1')],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ['modhex', hex.replace(/./g, (digit) => 'cbdefghijklnrtuv'.charAt(Number.parseInt(digit, 16)))],
    ...base64Forms(piece).map((text) => ['base64', text] as const),
    ...base64Forms(piece).map((text) => ['base64url', text.replaceAll('+', '-').replaceAll('/', '_')] as const),
  ];
  return texts.flatMap(([form, text]) => [
    [form, Buffer.from(text, 'latin1')] as const,
    [`${form} in UTF-16`, Buffer.from(text, 'utf16le')] as const,
  ]);
};

/** Seeks secrets of at least eight bytes, by name. */
export class Needles {
  // One bit for the first three bytes of a needle, then the needles by their first eight.
  readonly #firsts = new Uint8Array(1 << 21);
  readonly #byKey = new Map<string, Needle[]>();

  add(name: string, secret: Buffer): void {
    for (const [form, bytes] of formsOf(secret)) {
      const first = bytes.readUIntLE(0, 3);
      this.#firsts[first >> 3] = (this.#firsts[first >> 3] ?? 0) | (1 << (first & 7));
      const key = bytes.toString('latin1', 0, KEY_BYTES);
      const others = this.#byKey.get(key) ?? [];
      if (others.some((other) => other.name === name && other.bytes.equals(bytes))) continue;
      this.#byKey.set(key, [...others, { name, form, bytes }]);
    }
  }

  /** Every needle in `bytes`. */
  findIn(bytes: Buffer): readonly Found[] {
    const found: Found[] = [];
    const firsts = this.#firsts;
    let window = ((bytes[0] ?? 0) << 8) | ((bytes[1] ?? 0) << 16);
    for (let end = 2; end < bytes.length; end++) {
      window = (window >>> 8) | ((bytes[end] as number) << 16);
      if (((firsts[window >> 3] as number) & (1 << (window & 7))) === 0) continue;
      const at = end - 2;
      for (const needle of this.#byKey.get(bytes.toString('latin1', at, at + KEY_BYTES)) ?? []) {
        if (bytes.compare(needle.bytes, 0, needle.bytes.length, at, at + needle.bytes.length) === 0) {
          found.push({ name: needle.name, form: needle.form, at });
        }
      }
    }
    return found;
  }
}

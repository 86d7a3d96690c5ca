// Changes an input in the ways that break decoders: bits, lengths, pieces left out, doubled, exchanged and put in, a cut.
// Everything comes from the random source, so that a seed tells all.

/** Random numbers that a seed determines. */
export interface Random {
  /** A whole number from 0 to `end` - 1; 0 if there is none. */
  below(end: number): number;
}

/** Mulberry32: 32 bits of state, enough to vary inputs. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return {
    below: (end) => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return end < 1 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % end;
    },
  };
};

const MAX_BYTES = 20_000;
const edges = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255, 256, 1_024, 32_767, 32_768, 65_535, 65_536,
  0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];
const marks = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '=',
  '%',
  '(',
  ')',
  '\0',
  '\n',
  '\r\n',
  '-',
  '+',
  '.',
  '#',
  "'",
  '\u2028',
  '\ud7ff',
  '"__proto__"',
  '1e999',
  '\\u0000',
].map((mark) => Buffer.from(mark));

const piece = (bytes: Buffer, random: Random, most = 64): Buffer => {
  const at = random.below(bytes.length);
  return bytes.subarray(at, at + 1 + random.below(Math.min(most, bytes.length - at)));
};

const putIn = (bytes: Buffer, at: number, more: Buffer, instead = 0): Buffer =>
  Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + instead)]);

const writeEdge = (bytes: Buffer, random: Random): Buffer => {
  const size = [1, 2, 3, 4][random.below(4)] ?? 1;
  if (bytes.length < size) return bytes;
  const changed = Buffer.from(bytes);
  const value = (edges[random.below(edges.length)] ?? 0) % 2 ** (8 * size);
  const at = random.below(bytes.length - size + 1);
  if (random.below(3) === 0) changed.writeUIntLE(value, at, size);
  else changed.writeUIntBE(value, at, size);
  return changed;
};

/** A number near the one that is there: lengths that are wrong by a little. */
const nudge = (bytes: Buffer, random: Random): Buffer => {
  if (bytes.length === 0) return bytes;
  const changed = Buffer.from(bytes);
  const at = random.below(bytes.length);
  changed[at] = ((changed[at] ?? 0) + (random.below(2) === 0 ? 1 : 255)) & 0xff;
  return changed;
};

const flip = (bytes: Buffer, random: Random): Buffer => {
  if (bytes.length === 0) return bytes;
  const changed = Buffer.from(bytes);
  const at = random.below(bytes.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  return changed;
};

const repeat = (bytes: Buffer, random: Random): Buffer => {
  const part = piece(bytes, random, 16);
  const times = 1 + random.below(random.below(10) === 0 ? 400 : 4);
  return putIn(bytes, random.below(bytes.length + 1), Buffer.concat(Array.from({ length: times }, () => part)));
};

const once = (bytes: Buffer, others: readonly Buffer[], words: readonly Buffer[], random: Random): Buffer => {
  const at = random.below(bytes.length + 1);
  switch (random.below(11)) {
    case 0:
      return flip(bytes, random);
    case 1:
      return nudge(bytes, random);
    case 2:
    case 3:
      return writeEdge(bytes, random);
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return putIn(bytes, at, Buffer.alloc(0), 1 + random.below(16));
    case 6:
      return repeat(bytes, random);
    case 7:
      return putIn(bytes, at, marks[random.below(marks.length)] ?? bytes);
    case 8: {
      const other = others[random.below(others.length)] ?? bytes;
      return putIn(bytes, at, piece(other, random), random.below(2) * random.below(64));
    }
    case 9: {
      const word = words[random.below(words.length)];
      return word === undefined ? flip(bytes, random) : putIn(bytes, at, word);
    }
    default: {
      // One word for another, where one is found.
      const [from, to] = [words[random.below(words.length)], words[random.below(words.length)]];
      const found = from === undefined || from.length === 0 ? -1 : bytes.indexOf(from);
      return from === undefined || to === undefined || found < 0
        ? nudge(bytes, random)
        : putIn(bytes, found, to, from.length);
    }
  }
};

/** One to eight changes; mostly few. The input itself stays as it is. */
export const mutate = (input: Buffer, others: readonly Buffer[], words: readonly Buffer[], random: Random): Buffer => {
  let bytes = input;
  const changes = 1 + random.below(1 + random.below(8));
  for (let change = 0; change < changes; change++) bytes = once(bytes, others, words, random);
  return bytes.subarray(0, Math.max(MAX_BYTES, input.length + MAX_BYTES / 4));
};

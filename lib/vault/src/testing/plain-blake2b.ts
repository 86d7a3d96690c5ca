// BLAKE2b as RFC 7693 writes it down; slow and plain, for the opener that shares no library with the vault.

const MASK = 0xffff_ffff_ffff_ffffn;
const BLOCK_BYTES = 128;
const ROUNDS = 12;

const IV: readonly bigint[] = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
];

const SIGMA: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

const rotate = (value: bigint, by: bigint): bigint => ((value >> by) | (value << (64n - by))) & MASK;

const at = (words: readonly bigint[], index: number): bigint => words[index] ?? 0n;

const mix = (v: bigint[], [a, b, c, d]: readonly [number, number, number, number], x: bigint, y: bigint): void => {
  v[a] = (at(v, a) + at(v, b) + x) & MASK;
  v[d] = rotate(at(v, d) ^ at(v, a), 32n);
  v[c] = (at(v, c) + at(v, d)) & MASK;
  v[b] = rotate(at(v, b) ^ at(v, c), 24n);
  v[a] = (at(v, a) + at(v, b) + y) & MASK;
  v[d] = rotate(at(v, d) ^ at(v, a), 16n);
  v[c] = (at(v, c) + at(v, d)) & MASK;
  v[b] = rotate(at(v, b) ^ at(v, c), 63n);
};

const LANES = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

const compress = (h: bigint[], block: Buffer, counted: number, isLast: boolean): void => {
  const m = Array.from({ length: 16 }, (_, index) => block.readBigUInt64LE(8 * index));
  const v = [...h, ...IV];
  v[12] = at(v, 12) ^ BigInt(counted);
  if (isLast) v[14] = at(v, 14) ^ MASK;
  for (let round = 0; round < ROUNDS; round++) {
    const order = SIGMA[round % 10] ?? [];
    LANES.forEach((lane, index) => {
      mix(v, lane, at(m, order[2 * index] ?? 0), at(m, order[2 * index + 1] ?? 0));
    });
  }
  for (let index = 0; index < 8; index++) h[index] = at(h, index) ^ at(v, index) ^ at(v, index + 8);
};

/** Keyed BLAKE2b of `data`; key 1 to 64 bytes. */
export const blake2b = (key: Buffer, data: Buffer, sizeBytes: number): Buffer => {
  const input = Buffer.concat([key, Buffer.alloc(BLOCK_BYTES - key.length), data]);
  const h = [...IV];
  h[0] = at(h, 0) ^ 0x01010000n ^ (BigInt(key.length) << 8n) ^ BigInt(sizeBytes);
  const blocks = Math.max(1, Math.ceil(input.length / BLOCK_BYTES));
  for (let index = 0; index < blocks; index++) {
    const end = Math.min((index + 1) * BLOCK_BYTES, input.length);
    const block = Buffer.alloc(BLOCK_BYTES);
    input.copy(block, 0, index * BLOCK_BYTES, end);
    compress(h, block, end, index === blocks - 1);
  }
  const output = Buffer.alloc(64);
  h.forEach((word, index) => {
    output.writeBigUInt64LE(word, 8 * index);
  });
  return output.subarray(0, sizeBytes);
};

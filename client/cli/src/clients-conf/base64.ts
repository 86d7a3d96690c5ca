// Base64 as Python's decoder reads it when not told to be strict: characters outside the alphabet are passed over, a
// complete padding ends the data, and padding that is missing is an error.

const EQUALS = 0x3d;

const VALUES = new Int8Array(256).fill(-1);
for (const [value, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  VALUES[character.charCodeAt(0)] = value;
}

/** Decodes; `undefined` if the padding is wrong. */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  const input = Buffer.from(text, 'utf8');
  const output = new Uint8Array(Math.ceil((input.length * 3) / 4));
  let size = 0;
  let quad = 0;
  let left = 0;
  let pads = 0;
  for (const byte of input) {
    if (byte === EQUALS) {
      if (quad >= 2 && quad + ++pads >= 4) return output.slice(0, size);
      continue;
    }
    const value = VALUES[byte] ?? -1;
    if (value < 0) continue;
    pads = 0;
    if (quad > 0) output[size++] = ((left << (2 * quad)) | (value >> (6 - 2 * quad))) & 0xff;
    left = value;
    quad = (quad + 1) % 4;
  }
  return quad === 0 ? output.slice(0, size) : undefined;
};

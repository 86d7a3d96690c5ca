// Memory for secrets that can be wiped. A small typed array lives in JavaScript's own heap, whose collector moves and copies
// it; one over an ArrayBuffer made beforehand stays where it is, and zeroing it leaves nothing behind.

/** `length` zero bytes outside of JavaScript's heap; whoever asked for them wipes them. */
export const secretBuffer = (length: number): Buffer => Buffer.from(new ArrayBuffer(length));

/** Zeroes each of `buffers` in place. */
export const wipe = (...buffers: readonly Uint8Array[]): void => {
  for (const bytes of buffers) bytes.fill(0);
};

/** `parts` after one another in a {@link secretBuffer}. */
export const joinBytes = (...parts: readonly Uint8Array[]): Buffer => {
  const joined = secretBuffer(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
};

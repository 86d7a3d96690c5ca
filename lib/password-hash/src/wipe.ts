// Zeroing of buffers that held a secret. Buffers are memory of their own, outside of JavaScript's heap, where the collector
// makes no copies; V8 does not drop a fill of memory it does not own.

/** Zeroes each of `buffers` in place. */
export const wipe = (...buffers: readonly Uint8Array[]): void => {
  for (const bytes of buffers) bytes.fill(0);
};

/** `parts` after one another in a new buffer of its own, which the caller wipes. */
export const joinBytes = (...parts: readonly Uint8Array[]): Buffer => {
  const joined = Buffer.alloc(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
};

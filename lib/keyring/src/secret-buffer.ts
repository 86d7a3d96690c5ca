// Memory for secrets. Invariant: it does not move. V8 keeps small typed arrays, such as Buffer.alloc(32), in its own heap, where the
// collector copies them about, and makes one more copy when one is handed to native code; zeroing reaches the last one only.

/** V8's limit, `--typed-array-max-size-in-heap`. */
const MAX_HEAP_BYTES = 64;

/** A buffer outside the moving heap, zeroed. Whoever fills it wipes it. */
export const allocateSecret = (sizeBytes: number): Buffer =>
  sizeBytes > MAX_HEAP_BYTES ? Buffer.alloc(sizeBytes) : Buffer.alloc(MAX_HEAP_BYTES + 1).subarray(0, sizeBytes);

const stage = allocateSecret(MAX_HEAP_BYTES);

/**
 * Hands bytes to a system call. Few bytes are copied first, by which a small array of the caller's stays the only one; the copy is
 * wiped.
 */
export const handOver = (bytes: Uint8Array, call: (bytes: Uint8Array) => number): number => {
  const { length } = bytes;
  if (length > MAX_HEAP_BYTES) return call(bytes);
  for (let at = 0; at < length; at++) stage[at] = bytes[at] ?? 0;
  try {
    return call(stage);
  } finally {
    for (let at = 0; at < length; at++) stage[at] = 0;
  }
};

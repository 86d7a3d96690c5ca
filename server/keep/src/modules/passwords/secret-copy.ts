// Copies of secrets that have to outlive what they were copied from. Invariant: they do not lie in the heap that V8 moves, where
// zeroing reaches one copy only; every copy has somebody who wipes it.

/** A copy, for the caller to wipe. */
export const secretCopy = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
};

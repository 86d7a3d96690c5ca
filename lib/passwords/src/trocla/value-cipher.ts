// How single values are encrypted inside a store.

/** Turns a value into what is stored and back. Both give copies. */
export interface ValueCipher {
  seal(value: Uint8Array): Uint8Array;
  open(stored: Uint8Array): Uint8Array;
}

/** Values as they are. */
export const noCipher: ValueCipher = {
  seal: (value) => Uint8Array.from(value),
  open: (stored) => Uint8Array.from(stored),
};

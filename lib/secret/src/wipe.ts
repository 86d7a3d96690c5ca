// Zeroing that no optimiser removes.

import sodium from 'sodium-native';

/** Zeroes `bytes` in place. Copies made elsewhere are not reached: whoever makes one wipes it. */
export const wipe = (bytes: Uint8Array): void => {
  if (bytes.length > 0) sodium.sodium_memzero(bytes);
};

// Where randomness comes from: the kernel, through libsodium. Passed in wherever a test must replay.

import sodium from 'sodium-native';

/** Fills `target` with random bytes; straight into locked memory where a key is made. */
export type FillRandom = (target: Uint8Array) => void;

/** The real one. */
export const fillRandom: FillRandom = (target) => {
  if (target.length > 0) sodium.randombytes_buf(target);
};

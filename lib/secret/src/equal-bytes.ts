// Comparison of secrets in a time that tells their length alone.

import sodium from 'sodium-native';

/** Whether both are the same bytes. Takes the same time wherever they differ; different lengths answer at once. */
export const areEqualBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && (a.length === 0 || sodium.sodium_memcmp(a, b));

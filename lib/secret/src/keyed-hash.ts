// Keyed BLAKE2b (RFC 7693), libsodium's generichash: for blinding, for deriving keys, for key files.

import sodium from 'sodium-native';

/**
 * Hashes the concatenation of `parts` into `output`, which is 16 to 64 bytes and may lie in locked memory.
 *
 * @param key 16 to 64 bytes
 */
export const keyedHashInto = (output: Uint8Array, key: Uint8Array, parts: readonly Uint8Array[]): void => {
  sodium.crypto_generichash_batch(output, parts, key);
};

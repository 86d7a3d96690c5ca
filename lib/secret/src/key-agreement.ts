// X25519 (RFC 7748) through libsodium: sealing a key to somebody of whom only a public key is at hand.

import sodium from 'sodium-native';
import { SecretBytes } from './secret-bytes.ts';

/** Bytes of a secret key, a public key, and what two parties agree on. */
export const AGREEMENT_BYTES = 32;

/** The public key of a secret key of {@link AGREEMENT_BYTES}, any bytes. */
export const publicKeyOf = (secretKey: Uint8Array): Buffer => {
  const publicKey = Buffer.alloc(AGREEMENT_BYTES);
  sodium.crypto_scalarmult_base(publicKey, secretKey);
  return publicKey;
};

/**
 * What the holder of one secret key shares with that of the other; to be hashed with both public keys before it is used. The
 * caller releases. Undefined for a public key of small order, with which everybody would agree on the same.
 */
export const agree = (secretKey: Uint8Array, publicKey: Uint8Array): SecretBytes | undefined => {
  const shared = SecretBytes.allocate(AGREEMENT_BYTES);
  try {
    sodium.crypto_scalarmult(shared.bytes, secretKey, publicKey);
    return shared;
  } catch {
    shared.release();
    return undefined;
  }
};

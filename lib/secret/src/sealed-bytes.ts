// Authenticated encryption: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) through libsodium, which leaves no copy of a
// key in the ordinary heap. Opened bytes go straight into locked memory.

import sodium from 'sodium-native';
import { SecretBytes } from './secret-bytes.ts';

export const SEAL_KEY_BYTES = 32;
export const SEAL_NONCE_BYTES = 24;
/** How much longer sealed bytes are than what is inside. */
export const SEAL_TAG_BYTES = 16;

/**
 * Seals `plain` into `sealed`, which is {@link SEAL_TAG_BYTES} longer. A nonce is used once with a key; 24 random bytes
 * never meet. The caller wipes `plain`.
 */
export const sealInto = (
  sealed: Uint8Array,
  plain: Uint8Array,
  options: { readonly key: Uint8Array; readonly nonce: Uint8Array; readonly associated: Uint8Array },
): void => {
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    sealed,
    plain,
    options.associated,
    null,
    options.nonce,
    options.key,
  );
};

/** Opens sealed bytes; undefined if key, nonce, associated data or any byte is not what it was. The caller releases. */
export const openSealed = (
  sealed: Uint8Array,
  options: { readonly key: Uint8Array; readonly nonce: Uint8Array; readonly associated: Uint8Array },
): SecretBytes | undefined => {
  const size = sealed.length - SEAL_TAG_BYTES;
  if (size < 0) return undefined;
  const plain = SecretBytes.allocate(size);
  try {
    const { associated, nonce, key } = options;
    const opened = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plain.bytes, null, sealed, associated, nonce, key);
    if (opened === size) return plain;
  } catch (error) {
    plain.release();
    if (error instanceof Error && error.message === 'could not verify data') return undefined;
    throw error;
  }
  plain.release();
  return undefined;
};

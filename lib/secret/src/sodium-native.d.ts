// The part of sodium-native 5 that is used here. It ships no types of its own.

declare module 'sodium-native' {
  interface Sodium {
    readonly crypto_aead_xchacha20poly1305_ietf_ABYTES: number;
    readonly crypto_pwhash_ALG_ARGON2ID13: number;
    sodium_malloc(sizeBytes: number): Buffer;
    sodium_free(buffer: Buffer): void;
    /** Throws if the pages cannot be locked; `sodium_malloc` itself says nothing then. */
    sodium_mlock(buffer: Uint8Array): void;
    sodium_munlock(buffer: Uint8Array): void;
    sodium_memzero(buffer: Uint8Array): void;
    /** Throws if the lengths differ. */
    sodium_memcmp(a: Uint8Array, b: Uint8Array): boolean;
    randombytes_buf(buffer: Uint8Array): void;
    crypto_generichash_batch(output: Uint8Array, batch: readonly Uint8Array[], key?: Uint8Array): void;
    crypto_aead_xchacha20poly1305_ietf_encrypt(
      ciphertext: Uint8Array,
      message: Uint8Array,
      associated: Uint8Array,
      secretNonce: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number;
    /** Throws if the ciphertext does not verify. */
    crypto_aead_xchacha20poly1305_ietf_decrypt(
      message: Uint8Array,
      secretNonce: null,
      ciphertext: Uint8Array,
      associated: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number;
    crypto_scalarmult_base(publicKey: Uint8Array, secretKey: Uint8Array): void;
    /** Throws for a public key of small order. */
    crypto_scalarmult(shared: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): void;
    crypto_pwhash_async(
      output: Uint8Array,
      passPhrase: Uint8Array,
      salt: Uint8Array,
      passes: number,
      memoryBytes: number,
      algorithm: number,
    ): Promise<void>;
  }
  const sodium: Sodium;
  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default sodium;
}

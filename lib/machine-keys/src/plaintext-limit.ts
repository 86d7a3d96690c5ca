/** Longest plaintext of a message, decompressed. */
export const MAX_PLAINTEXT_BYTES = 1_048_576;

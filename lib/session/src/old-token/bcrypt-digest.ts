// bcrypt as the old tokens need it, by the system's libcrypt in the thread pool. crypt(3), crypt(5)

import { createRequire } from 'node:module';

/** `struct crypt_data` of libxcrypt; the output is its beginning. */
const STATE_BYTES = 32_768;
const OUTPUT_BYTES = 384;
const DIGEST_CHARACTERS = 31;

/** libcrypt is not installed. */
export class LibcryptMissingError extends Error {
  override readonly name = 'LibcryptMissingError';
}

type CryptAsync = (
  phrase: Uint8Array,
  setting: Uint8Array,
  state: Uint8Array,
  stateBytes: number,
  done: (error: Error | null) => void,
) => void;

let bound: CryptAsync | undefined;

const crypt = (): CryptAsync => {
  if (bound !== undefined) return bound;
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  try {
    const library = koffi.load('libcrypt.so.1');
    bound = library.func('void *crypt_rn(const uint8_t *, const uint8_t *, _Inout_ uint8_t *, int)')
      .async as CryptAsync;
  } catch {
    throw new LibcryptMissingError('libcrypt.so.1 cannot be loaded; install it (Debian: apt install libcrypt1)');
  }
  return bound;
};

/**
 * The 31 characters of the digest with the prefix `$2x$`; undefined if libcrypt refuses salt or cost.
 *
 * @param phrase bytes without NUL; bcrypt reads 72 of them
 * @param salt 22 characters of bcrypt's alphabet
 * @param cost 4 to 31: each more doubles the time
 */
export const bcryptDigest = async (phrase: Uint8Array, salt: string, cost: number): Promise<Buffer | undefined> => {
  // All three stay referenced until the call is done.
  const text = Buffer.concat([phrase, Buffer.alloc(1)]);
  const setting = Buffer.from(`$2x$${String(cost).padStart(2, '0')}$${salt}\0`, 'latin1');
  const state = Buffer.alloc(STATE_BYTES);
  await new Promise<void>((resolve, reject) => {
    crypt()(text, setting, state, STATE_BYTES, (error) => (error === null ? resolve() : reject(error)));
  });
  const output = state.subarray(0, OUTPUT_BYTES);
  const end = output.indexOf(0);
  const isDigest = output.subarray(0, setting.length - 1).equals(setting.subarray(0, -1));
  const digest = isDigest ? Buffer.from(output.subarray(end - DIGEST_CHARACTERS, end)) : undefined;
  state.fill(0);
  text.fill(0);
  return digest;
};

// MD4 (RFC 1320), for Windows alone. OpenSSL 3 has it only in its legacy provider, which Node.js would have to be started
// with, for every process and with all the other old ciphers; libcrypt's `$3$` widens bytes instead of characters and so gets
// every password outside Latin-1 wrong. Nettle keeps MD4, and is there wherever GnuTLS is. nettle/md4.h.

import { bindLibrary } from './shared-library.ts';
import { secretBuffer, wipe } from './wipe.ts';

const DIGEST_BYTES = 16;
/** struct md4_ctx has 96 bytes or less. */
const CONTEXT_BYTES = 256;

interface NettleMd4 {
  readonly init: (context: Buffer) => void;
  readonly update: (context: Buffer, length: number, bytes: Uint8Array) => void;
  readonly digest: (context: Buffer, length: number, digest: Buffer) => void;
}

let bound: NettleMd4 | undefined;
const nettle = (): NettleMd4 => {
  bound ??= bindLibrary('libnettle.so.8', 'libnettle8', (library) => ({
    init: library.func('void nettle_md4_init(uint8_t *)'),
    update: library.func('void nettle_md4_update(uint8_t *, size_t, const uint8_t *)'),
    digest: library.func('void nettle_md4_digest(uint8_t *, size_t, uint8_t *)'),
  }));
  return bound;
};

/** The 16 bytes of MD4. Throws `LibraryMissingError` without libnettle. */
export const md4 = (bytes: Uint8Array): Buffer => {
  const { init, update, digest } = nettle();
  const context = secretBuffer(CONTEXT_BYTES);
  const result = secretBuffer(DIGEST_BYTES);
  init(context);
  update(context, bytes.length, bytes);
  digest(context, DIGEST_BYTES, result);
  wipe(context);
  return result;
};

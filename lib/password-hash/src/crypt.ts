// crypt(3) as libxcrypt has it, in libuv's threads: crypt_rn(3) and crypt_gensalt_rn(3) of libcrypt.so.1. Every buffer a
// call uses is held until the call has ended, since koffi does not, and what held the password is zeroed afterwards.

import { bindLibrary } from './shared-library.ts';
import { secretBuffer, wipe } from './wipe.ts';

/** sizeof(struct crypt_data); the output is its first member. */
const STATE_BYTES = 32_768;
/** CRYPT_OUTPUT_SIZE and CRYPT_GENSALT_OUTPUT_SIZE, the final NUL included. */
const OUTPUT_BYTES = 384;
const SETTING_BYTES = 192;

/** Longer ones are refused by libxcrypt: CRYPT_MAX_PASSPHRASE_SIZE less the final NUL. */
export const MAX_CRYPT_PASSWORD_BYTES = 511;

interface Libcrypt {
  /** Answers through the callback: whether it worked. */
  readonly crypt: (
    phrase: Buffer,
    setting: Buffer,
    state: Buffer,
    done: (error: unknown, worked: boolean) => void,
  ) => void;
  readonly makeSetting: (prefix: Buffer, count: number, random: Uint8Array, setting: Buffer) => boolean;
}

const bind = (): Libcrypt =>
  bindLibrary('libcrypt.so.1', 'libcrypt1', (library) => {
    const crypt = library.func('void *crypt_rn(const uint8_t *, const uint8_t *, uint8_t *, int)');
    const gensalt = library.func(
      'void *crypt_gensalt_rn(const uint8_t *, unsigned long, const uint8_t *, int, uint8_t *, int)',
    );
    return {
      crypt: (phrase, setting, state, done) =>
        crypt.async(phrase, setting, state, state.length, (error: unknown, output: unknown) =>
          done(error, output !== null),
        ),
      makeSetting: (prefix, count, random, setting) =>
        gensalt(prefix, count, random, random.length, setting, setting.length) !== null,
    };
  });

let bound: Libcrypt | undefined;
const libcrypt = (): Libcrypt => {
  bound ??= bind();
  return bound;
};

const textIn = (buffer: Buffer, maxBytes: number): string => {
  const end = buffer.subarray(0, maxBytes).indexOf(0);
  return buffer.toString('latin1', 0, end < 0 ? maxBytes : end);
};

/**
 * The setting of a new hash: prefix, cost and salt. `count` is the method's own measure of cost, 0 its default. Throws
 * RangeError where libxcrypt takes no such count.
 */
export const makeSetting = (prefix: string, count: number, random: Uint8Array): string => {
  const setting = Buffer.alloc(SETTING_BYTES);
  if (!libcrypt().makeSetting(Buffer.from(`${prefix}\0`, 'latin1'), count, random, setting)) {
    throw new RangeError('libcrypt makes no setting of this prefix and count');
  }
  return textIn(setting, SETTING_BYTES);
};

/**
 * Hashes `plain` as `setting` says, which may be a whole hash. `undefined` if libxcrypt knows no such setting. `plain` has
 * no NUL and at most {@link MAX_CRYPT_PASSWORD_BYTES}; it is copied at once, and the copy wiped.
 */
export const crypt = async (plain: Uint8Array, setting: string): Promise<string | undefined> => {
  const { crypt: call } = libcrypt();
  const phrase = secretBuffer(plain.length + 1);
  phrase.set(plain);
  const settingBytes = Buffer.from(`${setting}\0`, 'latin1');
  const state = secretBuffer(STATE_BYTES);
  try {
    const worked = await new Promise<boolean>((resolve, reject) => {
      call(phrase, settingBytes, state, (error, result) => (error ? reject(error) : resolve(result)));
    });
    const output = textIn(state, OUTPUT_BYTES);
    // Failure tokens begin with an asterisk.
    return worked && !output.startsWith('*') ? output : undefined;
  } finally {
    // All three: this is also what keeps them alive until here.
    wipe(phrase, settingBytes, state);
  }
};

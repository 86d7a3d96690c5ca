// Slow hashing of pass phrases: argon2id (RFC 9106, version 0x13) in libuv's thread pool. One runs at a time, since each
// takes hundreds of MiB, and only so many wait: the next is told that it is busy.

import sodium from 'sodium-native';
import { SecretBytes } from './secret-bytes.ts';

export const PASS_PHRASE_SALT_BYTES = 16;
const KEY_BYTES = 32;
const DEFAULT_MAX_WAITING = 8;

/** What a hash costs. */
export interface PassPhraseCost {
  /** 1 to 64. */
  readonly passes: number;
  /** 8 to 4,194,304. */
  readonly memoryKiB: number;
}

/** About 0.6 s and 256 MiB: what production uses. */
export const PRODUCTION_COST: PassPhraseCost = { passes: 3, memoryKiB: 262_144 };

/** Under a millisecond and worth nothing against guessing: for tests and instances for trying out. */
export const CHEAP_COST: PassPhraseCost = { passes: 1, memoryKiB: 64 };

export type PassPhraseHashed = { readonly kind: 'hashed'; readonly key: SecretBytes } | { readonly kind: 'busy' };

/** Hashes pass phrases one after the other. A process needs one: {@link hashPassPhrase}. */
export class PassPhraseHasher {
  readonly #maxWaiting: number;
  #unfinished = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(maxWaiting: number = DEFAULT_MAX_WAITING) {
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Derives a key of 32 bytes, which the caller releases. `passPhrase` is copied at once; the caller may wipe it.
   * Throws RangeError for a cost or salt out of range, and Error if there is no memory to compute in.
   */
  async hash(passPhrase: Uint8Array, salt: Uint8Array, cost: PassPhraseCost): Promise<PassPhraseHashed> {
    const { passes, memoryKiB } = cost;
    if (!(Number.isInteger(passes) && passes >= 1 && passes <= 64)) throw new RangeError('passes are 1 to 64');
    if (!(Number.isInteger(memoryKiB) && memoryKiB >= 8 && memoryKiB <= 4_194_304)) {
      throw new RangeError('memory is 8 to 4,194,304 KiB');
    }
    if (salt.length !== PASS_PHRASE_SALT_BYTES) throw new RangeError(`a salt is ${PASS_PHRASE_SALT_BYTES} bytes`);
    if (this.#unfinished > this.#maxWaiting) return { kind: 'busy' };
    using copy = SecretBytes.copyOf(passPhrase);
    this.#unfinished++;
    const turn = this.#last.then(() => this.#run(copy, Buffer.from(salt), cost));
    // The next one runs whether or not this one failed.
    this.#last = turn.catch(() => undefined);
    try {
      return { kind: 'hashed', key: await turn };
    } finally {
      this.#unfinished--;
    }
  }

  async #run(passPhrase: SecretBytes, salt: Buffer, cost: PassPhraseCost): Promise<SecretBytes> {
    const key = SecretBytes.allocate(KEY_BYTES);
    try {
      const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13;
      const memoryBytes = cost.memoryKiB * 1_024;
      await sodium.crypto_pwhash_async(key.bytes, passPhrase.bytes, salt, cost.passes, memoryBytes, algorithm);
      return key;
    } catch (error) {
      key.release();
      throw error;
    }
  }
}

const hasher = new PassPhraseHasher();

/** Hashes with the process's own {@link PassPhraseHasher}. */
export const hashPassPhrase = (
  passPhrase: Uint8Array,
  salt: Uint8Array,
  cost: PassPhraseCost,
): Promise<PassPhraseHashed> => hasher.hash(passPhrase, salt, cost);

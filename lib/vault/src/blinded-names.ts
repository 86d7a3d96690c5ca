// Names as the store sees them: a chained keyed hash per segment, so that whole-segment prefixes can be listed while nothing
// else shows; docs/formats/vault.md, "Names". Names used lately are remembered, values never are.

import { keyedHashInto, type SecretBytes } from '@chatelaine/secret';
import { COLLECTION_ID_BYTES, collectionPrefix, SEGMENT_ID_BYTES } from './store-keys.ts';

const MAX_COLLECTION_BYTES = 64;
const MAX_PATH_BYTES = 4_096;
const MAX_SEGMENTS = 32;
/** About 600 bytes each, and twice as many at most; a name that is not remembered costs a few microseconds. */
const REMEMBERED_NAMES = 4_000;

/** A path as it lies in the store. */
export interface BlindedName {
  readonly key: Uint8Array;
  /** The same as a string, one character a byte: equal exactly if the keys are. */
  readonly text: string;
}

const COLLECTION = Buffer.from([0]);
const SEGMENT = Buffer.from([1]);

const checkPath = (path: string): readonly string[] => {
  // A path longer in characters is longer in bytes too; most paths are so short that counting can be left out.
  const isTooLong = path.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(path) > MAX_PATH_BYTES;
  const segments = path.split('/');
  if (isTooLong || segments.length > MAX_SEGMENTS || segments.includes('') || !path.isWellFormed()) {
    throw new RangeError(
      `a path is 1 to ${MAX_SEGMENTS} non-empty segments of well-formed text joined by "/", at most ${MAX_PATH_BYTES} bytes`,
    );
  }
  return segments;
};

/** Blinds names with one blinding key, which stays the caller's. */
export class BlindedNames {
  readonly #key: SecretBytes;
  readonly #chains = new Map<string, Buffer>();
  // Two generations instead of a list by last use: a name is forgotten after at least REMEMBERED_NAMES others were used.
  #young = new Map<string, Map<string, BlindedName>>();
  #old = new Map<string, Map<string, BlindedName>>();
  #youngCount = 0;

  constructor(key: SecretBytes) {
    this.#key = key;
  }

  /** Throws RangeError unless it is 1 to 64 bytes of well-formed text. */
  collectionId(collection: string): Uint8Array {
    return this.#chainOf(collection).subarray(0, COLLECTION_ID_BYTES);
  }

  /** Throws RangeError if the path cannot be one. */
  blind(collection: string, path: string): BlindedName {
    const young = this.#young.get(collection)?.get(path);
    if (young !== undefined) return young;
    const name = this.#old.get(collection)?.get(path) ?? this.#compute(collection, path);
    this.#remember(collection, path, name);
    return name;
  }

  /** What all records at and below a path begin with; of the empty path, all of the collection. */
  prefix(collection: string, path: string): Uint8Array {
    return path === '' ? collectionPrefix(this.collectionId(collection)) : this.#compute(collection, path).key;
  }

  #remember(collection: string, path: string, name: BlindedName): void {
    if (this.#youngCount >= REMEMBERED_NAMES) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCount = 0;
    }
    let names = this.#young.get(collection);
    if (names === undefined) {
      names = new Map();
      this.#young.set(collection, names);
    }
    names.set(path, name);
    this.#youngCount++;
  }

  #chainOf(collection: string): Buffer {
    const known = this.#chains.get(collection);
    if (known !== undefined) return known;
    const bytes = Buffer.from(collection, 'utf8');
    if (bytes.length < 1 || bytes.length > MAX_COLLECTION_BYTES || !collection.isWellFormed()) {
      throw new RangeError(`the name of a collection is 1 to ${MAX_COLLECTION_BYTES} bytes of well-formed text`);
    }
    const chain = Buffer.alloc(32);
    keyedHashInto(chain, this.#key.bytes, [COLLECTION, bytes]);
    this.#chains.set(collection, chain);
    return chain;
  }

  #compute(collection: string, path: string): BlindedName {
    const segments = checkPath(path);
    const start = collectionPrefix(this.collectionId(collection));
    const key = new Uint8Array(start.length + segments.length * SEGMENT_ID_BYTES);
    key.set(start);
    const chain = Buffer.from(this.#chainOf(collection));
    let at = start.length;
    for (const segment of segments) {
      keyedHashInto(chain, this.#key.bytes, [SEGMENT, chain, Buffer.from(segment, 'utf8')]);
      key.set(chain.subarray(0, SEGMENT_ID_BYTES), at);
      at += SEGMENT_ID_BYTES;
    }
    return { key, text: Buffer.from(key.buffer).toString('latin1') };
  }
}

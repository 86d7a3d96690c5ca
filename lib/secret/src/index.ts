// Secrets in memory, and the few primitives that touch them.

export { areEqualBytes } from './equal-bytes.ts';
export { AGREEMENT_BYTES, agree, publicKeyOf } from './key-agreement.ts';
export { keyedHashInto } from './keyed-hash.ts';
export {
  LockedMemory,
  LockedMemoryExhaustedError,
  type LockedMemoryUse,
  type LockedPiece,
  lockedMemory,
} from './locked-memory.ts';
export {
  CHEAP_COST,
  hashPassPhrase,
  PASS_PHRASE_SALT_BYTES,
  type PassPhraseCost,
  type PassPhraseHashed,
  PassPhraseHasher,
  PRODUCTION_COST,
} from './pass-phrase-hash.ts';
export { type FillRandom, fillRandom } from './random.ts';
export { openSealed, SEAL_KEY_BYTES, SEAL_NONCE_BYTES, SEAL_TAG_BYTES, sealInto } from './sealed-bytes.ts';
export { SecretBytes } from './secret-bytes.ts';
export { combineShares, type SecretShare, splitSecret } from './shamir.ts';
export { MAX_SHARES } from './shamir-bytes.ts';
export { wipe } from './wipe.ts';

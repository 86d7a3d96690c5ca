// The operations with keys of the type `asymmetric`, and Diffie-Hellman, as far as a kernel has them: most are built without.
// keyctl_pkey_query(3), keyctl_pkey_encrypt(3), keyctl_pkey_sign(3), keyctl_dh_compute(3), linux/keyctl.h

import { checkBytes, checkId, checkText, checkUnsigned, type KernelText } from './argument-checks.ts';
import { getInt, getShort, putInt, putWord, WORD_BYTES } from './native-words.ts';
import { answered, systemCalls } from './system-call.ts';

const operation = { dhCompute: 23, query: 24, encrypt: 25, decrypt: 26, sign: 27, verify: 28 } as const;

const PARAMETERS_BYTES = 40;
const QUERY_BYTES = 56;
const MAX_INFO_BYTES = 4_095;
const MAX_OUTPUT_BYTES = 65_536;

/** What a public key of the kernel can do, and how much at once, in bytes. */
export interface PublicKeyAbility {
  readonly canEncrypt: boolean;
  readonly canDecrypt: boolean;
  readonly canSign: boolean;
  readonly canVerify: boolean;
  readonly keyBits: number;
  readonly maxDataBytes: number;
  readonly maxSignatureBytes: number;
  readonly maxEncryptedBytes: number;
  readonly maxDecryptedBytes: number;
}

const checkInfo = (info: KernelText): KernelText =>
  info === '' ? '' : checkText(info, 'the information on encoding and hash', MAX_INFO_BYTES);

/** Asks what a key can do with an encoding, such as `enc=pkcs1 hash=sha256`. */
export const queryPublicKey = (id: number, info: KernelText = ''): PublicKeyAbility => {
  const result = Buffer.alloc(QUERY_BYTES);
  answered('pkey_query', systemCalls().query(operation.query, checkId(id), 0, checkInfo(info), result));
  const abilities = getInt(result, 0);
  return {
    canEncrypt: (abilities & 1) !== 0,
    canDecrypt: (abilities & 2) !== 0,
    canSign: (abilities & 4) !== 0,
    canVerify: (abilities & 8) !== 0,
    keyBits: getInt(result, 4),
    maxDataBytes: getShort(result, 8),
    maxSignatureBytes: getShort(result, 10),
    maxEncryptedBytes: getShort(result, 12),
    maxDecryptedBytes: getShort(result, 14),
  };
};

const parameters = (id: number, inputBytes: number, lastBytes: number): Buffer => {
  const block = Buffer.alloc(PARAMETERS_BYTES);
  putInt(block, 0, checkId(id));
  putInt(block, 4, inputBytes);
  putInt(block, 8, lastBytes);
  return block;
};

const transform = (
  name: 'encrypt' | 'decrypt' | 'sign',
  id: number,
  info: KernelText,
  input: Uint8Array,
  maxBytes: number,
): Buffer => {
  checkBytes(input, 'the input');
  const output = Buffer.alloc(checkUnsigned(maxBytes, 'the size of the output', MAX_OUTPUT_BYTES));
  const block = parameters(id, input.length, output.length);
  const { [name]: number } = operation;
  const size = answered(`pkey_${name}`, systemCalls().pointers(number, block, checkInfo(info), input, output));
  return output.subarray(0, size);
};

/** Encrypts to a key. */
export const encryptTo = (id: number, info: KernelText, data: Uint8Array, maxBytes: number): Buffer =>
  transform('encrypt', id, info, data, maxBytes);

/** Decrypts with a key. The caller wipes what comes back. */
export const decryptWith = (id: number, info: KernelText, encrypted: Uint8Array, maxBytes: number): Buffer =>
  transform('decrypt', id, info, encrypted, maxBytes);

/** Signs a hash. */
export const signWith = (id: number, info: KernelText, hash: Uint8Array, maxBytes: number): Buffer =>
  transform('sign', id, info, hash, maxBytes);

/** Checks the signature of a hash; throws EKEYREJECTED if it is wrong. */
export const verifyWith = (id: number, info: KernelText, hash: Uint8Array, signature: Uint8Array): void => {
  checkBytes(hash, 'the hash');
  checkBytes(signature, 'the signature');
  const block = parameters(id, hash.length, signature.length);
  answered('pkey_verify', systemCalls().pointers(operation.verify, block, checkInfo(info), hash, signature));
};

/** The keys of a Diffie-Hellman computation, as keys of the type `user` that hold big-endian numbers. */
export interface DhKeys {
  readonly privateKey: number;
  readonly prime: number;
  readonly base: number;
}

/** How a shared secret is made into a key. */
export interface DhDerivation {
  /** Such as `sha256`. */
  readonly hash: string;
  readonly otherInfo: Uint8Array;
  /** How many bytes to derive. */
  readonly sizeBytes: number;
}

/** base ^ private mod prime, or what is derived from it. The caller wipes what comes back. */
export const dhCompute = (keys: DhKeys, derivation?: DhDerivation): Buffer => {
  const block = Buffer.alloc(12);
  [keys.privateKey, keys.prime, keys.base].forEach((id, index) => {
    putInt(block, 4 * index, checkId(id));
  });
  const calls = systemCalls();
  if (derivation === undefined) {
    const size = answered('dh_compute', calls.compute(operation.dhCompute, block, null, 0, null));
    const shared = Buffer.alloc(checkUnsigned(size, 'the size of the output', MAX_OUTPUT_BYTES));
    answered('dh_compute', calls.compute(operation.dhCompute, block, shared, shared.length, null));
    return shared;
  }
  const { hash, otherInfo, sizeBytes } = derivation;
  checkBytes(otherInfo, 'the other information');
  const name = Buffer.from(`${checkText(hash, 'the name of the hash', MAX_INFO_BYTES)}\0`);
  const how = Buffer.alloc(2 * WORD_BYTES + 36 + (WORD_BYTES - 4));
  putWord(how, 0, calls.address(name));
  if (otherInfo.length > 0) putWord(how, WORD_BYTES, calls.address(otherInfo));
  putInt(how, 2 * WORD_BYTES, otherInfo.length);
  const derived = Buffer.alloc(checkUnsigned(sizeBytes, 'the size of the output', MAX_OUTPUT_BYTES));
  answered('dh_compute', calls.compute(operation.dhCompute, block, derived, derived.length, how));
  return derived;
};

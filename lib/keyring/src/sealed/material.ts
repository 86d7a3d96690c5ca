// What a lockable keyring is opened with: the public key as it is, and the private key wrapped with a pass phrase. It may lie in
// the open; the public key must be the right one, which is why it is pinned. Every byte before the wrapped key is authenticated.
// scrypt (RFC 7914), AES-256-GCM. docs/keyring-format.md

import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { type KeyPair, makeKeyPair, publicKeyFor } from './box.ts';

const MAGIC = Buffer.from('chatelaine-keyring\x01', 'latin1');
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** version, log2 N, r, p, salt, public key, nonce; then wrapped key and tag. */
const COST_AT = MAGIC.length;
const SALT_AT = COST_AT + 3;
const PUBLIC_AT = SALT_AT + SALT_BYTES;
const NONCE_AT = PUBLIC_AT + KEY_BYTES;
const WRAPPED_AT = NONCE_AT + NONCE_BYTES;
const MATERIAL_BYTES = WRAPPED_AT + KEY_BYTES + TAG_BYTES;

/** How slow a guess at the pass phrase is. RFC 7914 calls them N = 2^`logN`, r and p. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** 64 MiB and a fraction of a second. */
export const DEFAULT_COST: ScryptCost = { logN: 16, r: 8, p: 1 };
/** A gibibyte is the most that material may ask for: whoever can change it must not be able to fill the memory. */
const MAX_SCRYPT_BYTES = 2 ** 30;

const scryptBytes = ({ logN, r }: ScryptCost): number => 128 * 2 ** logN * r;

const isSane = (cost: ScryptCost): boolean =>
  cost.logN >= 1 &&
  cost.r >= 1 &&
  cost.p >= 1 &&
  cost.p <= 16 &&
  cost.logN <= 30 &&
  scryptBytes(cost) <= MAX_SCRYPT_BYTES;

const deriveWrappingKey = (passPhrase: Uint8Array, salt: Uint8Array, cost: ScryptCost): Buffer =>
  scryptSync(passPhrase, salt, KEY_BYTES, {
    N: 2 ** cost.logN,
    r: cost.r,
    p: cost.p,
    maxmem: 2 * scryptBytes(cost) + 2 ** 20,
  });

/** Makes a key pair and wraps its private half. The caller wipes the pass phrase. */
export const makeMaterial = (passPhrase: Uint8Array, cost: ScryptCost = DEFAULT_COST): Buffer => {
  if (passPhrase.length === 0) throw new RangeError('the pass phrase is empty');
  if (!isSane(cost)) throw new RangeError('the cost of scrypt is out of range');
  const pair = makeKeyPair();
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const head = Buffer.concat([MAGIC, Buffer.of(cost.logN, cost.r, cost.p), salt, pair.publicKey, nonce]);
  const key = deriveWrappingKey(passPhrase, salt, cost);
  try {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(head);
    const wrapped = cipher.update(pair.privateKey);
    cipher.final();
    return Buffer.concat([head, wrapped, cipher.getAuthTag()]);
  } finally {
    key.fill(0);
    pair.privateKey.fill(0);
  }
};

/** Whether it has the form of material; nothing is said about who made it. */
export const isMaterial = (bytes: Uint8Array): boolean => {
  const material = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return (
    material.length === MATERIAL_BYTES && material.subarray(0, MAGIC.length).equals(MAGIC) && isSane(costOf(material))
  );
};

const costOf = (material: Uint8Array): ScryptCost => {
  const [logN = 0, r = 0, p = 0] = material.subarray(COST_AT, SALT_AT);
  return { logN, r, p };
};

/** The public key in it, 32 bytes. */
export const publicKeyIn = (material: Uint8Array): Buffer => Buffer.from(material.subarray(PUBLIC_AT, NONCE_AT));

/** What identifies a public key to people and in configurations: SHA-256 in hexadecimal, 64 digits. */
export const fingerprintOf = (publicKey: Uint8Array): string => createHash('sha256').update(publicKey).digest('hex');

/**
 * Unwraps the private key. The caller wipes the pass phrase, and the private key that comes back.
 *
 * @returns undefined if the pass phrase is wrong or the material was changed.
 */
export const unwrapMaterial = (material: Uint8Array, passPhrase: Uint8Array): KeyPair | undefined => {
  const key = deriveWrappingKey(passPhrase, material.subarray(SALT_AT, PUBLIC_AT), costOf(material));
  try {
    const nonce = material.subarray(NONCE_AT, WRAPPED_AT);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(material.subarray(0, WRAPPED_AT)).setAuthTag(material.subarray(-TAG_BYTES));
    const privateKey = decipher.update(material.subarray(WRAPPED_AT, -TAG_BYTES));
    if (!isGenuine(decipher) || !publicKeyFor(privateKey).equals(publicKeyIn(material))) {
      privateKey.fill(0);
      return undefined;
    }
    return { publicKey: publicKeyIn(material), privateKey };
  } finally {
    key.fill(0);
  }
};

const isGenuine = (decipher: { final(): unknown }): boolean => {
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
};

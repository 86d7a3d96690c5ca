// A sealed box: anybody who knows the public key can make one, only the private key opens it, and only as the entry that it was
// made for. X25519 (RFC 7748) with a fresh key pair for each box, HKDF-SHA-256 (RFC 5869), AES-256-GCM. docs/keyring-format.md

import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { MAX_PAYLOAD_BYTES } from '../argument-checks.ts';
import { allocateSecret } from '../secret-buffer.ts';

const VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_BYTES;
/** How much larger a box is than what is in it. */
export const BOX_OVERHEAD_BYTES = HEAD_BYTES + TAG_BYTES;
/** The most that fits into a box in a key of the kernel. */
export const MAX_SEALED_BYTES = MAX_PAYLOAD_BYTES - BOX_OVERHEAD_BYTES;

const LABEL = 'chatelaine sealed keyring 1 box';

/** DER around the 32 bytes of a key. RFC 8410 */
const PUBLIC_HEAD = Buffer.from('302a300506032b656e032100', 'hex');
const PRIVATE_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');

const publicKeyOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, raw]), format: 'der', type: 'spki' });

/** Node's own copy of the key is wiped when it is collected; the one made here at once. */
const privateKeyOf = (raw: Uint8Array): KeyObject => {
  const der = allocateSecret(PRIVATE_HEAD.length + KEY_BYTES);
  try {
    der.set(PRIVATE_HEAD);
    der.set(raw, PRIVATE_HEAD.length);
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
};

const rawPublic = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length);

/** The two halves of a key pair, 32 bytes each. */
export interface KeyPair {
  readonly publicKey: Buffer;
  /** Whoever holds it wipes it. */
  readonly privateKey: Buffer;
}

/** Makes a key pair. */
export const makeKeyPair = (): KeyPair => {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const raw = allocateSecret(KEY_BYTES);
  der.copy(raw, 0, PRIVATE_HEAD.length);
  der.fill(0);
  return { publicKey: rawPublic(publicKey), privateKey: raw };
};

/** The public half of a private key. */
export const publicKeyFor = (privateKey: Uint8Array): Buffer => rawPublic(createPublicKey(privateKeyOf(privateKey)));

interface BoxKey {
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly wipe: () => void;
}

const deriveBoxKey = (shared: Buffer, ephemeral: Uint8Array, recipient: Uint8Array): BoxKey => {
  const salt = Buffer.concat([ephemeral, recipient]);
  try {
    const derived = Buffer.from(hkdfSync('sha256', shared, salt, LABEL, KEY_BYTES + NONCE_BYTES));
    return { key: derived.subarray(0, KEY_BYTES), nonce: derived.subarray(KEY_BYTES), wipe: () => derived.fill(0) };
  } finally {
    shared.fill(0);
  }
};

/** What is authenticated beside the secret: the version and the entry that the box is for. */
const associated = (description: string): Buffer => Buffer.from(`${LABEL}\0${description}`);

/** Seals a secret for an entry. The caller wipes `secret`. */
export const sealBox = (publicKey: Uint8Array, description: string, secret: Uint8Array): Buffer => {
  const own = generateKeyPairSync('x25519');
  const ephemeral = rawPublic(own.publicKey);
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey: publicKeyOf(publicKey) });
  const { key, nonce, wipe } = deriveBoxKey(shared, ephemeral, publicKey);
  try {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated(description));
    const sealed = cipher.update(secret);
    cipher.final();
    return Buffer.concat([Buffer.of(VERSION), ephemeral, sealed, cipher.getAuthTag()]);
  } finally {
    wipe();
  }
};

/**
 * Opens a box. The caller wipes the keys, and what comes back.
 *
 * @returns undefined if it is not a box, not of this entry, not for this key, or was changed.
 */
export const openBox = (keys: KeyPair, description: string, box: Uint8Array): Buffer | undefined => {
  if (box.length <= BOX_OVERHEAD_BYTES || box[0] !== VERSION) return undefined;
  const ephemeral = box.subarray(1, HEAD_BYTES);
  const shared = sharedSecret(keys.privateKey, ephemeral);
  if (shared === undefined) return undefined;
  const { key, nonce, wipe } = deriveBoxKey(shared, ephemeral, keys.publicKey);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated(description)).setAuthTag(box.subarray(-TAG_BYTES));
  const secret = decipher.update(box.subarray(HEAD_BYTES, -TAG_BYTES));
  try {
    decipher.final();
    return secret;
  } catch {
    secret.fill(0);
    return undefined;
  } finally {
    wipe();
  }
};

/** Undefined for a point of small order, whose shared secret would be known to everybody. */
const sharedSecret = (privateKey: Uint8Array, ephemeral: Uint8Array): Buffer | undefined => {
  try {
    return diffieHellman({ privateKey: privateKeyOf(privateKey), publicKey: publicKeyOf(ephemeral) });
  } catch {
    return undefined;
  }
};

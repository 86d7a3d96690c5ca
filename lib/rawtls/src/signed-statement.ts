// A statement that the holder of a machine's key signed, outside of any handshake: for what a machine says with a key that it
// has anyway. Each type of key has one scheme, the one that TLS 1.3 has for it: Ed25519 and Ed448 as they are, ECDSA with the
// hash of its curve, RSA as RSASSA-PSS with SHA-256 and a salt of 32 bytes. Whoever makes a statement begins it with a text
// that nothing else signed by such a key begins with. RFC 8032; RFC 8446, 4.2.3; RFC 8017, 8.1.

import { constants, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { isSignedBy, keyIdOf, readRawPublicKey, schemeOf } from './raw-public-key.ts';

const PSS_SALT_BYTES = 32;
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES } as const;

const hashOfCurve: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
};

/** What a statement is sent with. */
export interface SignedStatement {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly signature: Buffer;
}

/** Signs with a private key; `undefined` if no machine has a key of that type. */
export const signStatement = (key: KeyObject, statement: Uint8Array): SignedStatement | undefined => {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  if (readRawPublicKey(publicKey) === undefined) return undefined;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const isRsa = key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss';
  const hash = isRsa ? 'sha256' : curve === undefined ? null : hashOfCurve[curve];
  return { publicKey, signature: sign(hash, statement, { key, ...(isRsa && PSS) }) };
};

/**
 * Whose statement it is.
 *
 * @returns the key id (SHA-256 of the DER SubjectPublicKeyInfo, in hex), or `undefined` if it is nobody's; never throws
 */
export const verifyStatement = (
  { publicKey, signature }: { readonly publicKey: Uint8Array; readonly signature: Uint8Array },
  statement: Uint8Array,
): string | undefined => {
  const spki = Buffer.from(publicKey);
  const key = readRawPublicKey(spki);
  const scheme = key && schemeOf(key);
  if (key === undefined || scheme === undefined) return undefined;
  return isSignedBy(key, scheme, Buffer.from(statement), Buffer.from(signature)) ? keyIdOf(spki) : undefined;
};

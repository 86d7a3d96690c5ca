// Signatures on what certificates consist of (RFC 4055, RFC 5758, RFC 8410): made and checked by node:crypto.

import { type KeyObject, sign, verify } from 'node:crypto';
import { bitString, element, objectId, readInside, readObjectId, sequence } from './der.ts';

export type SignatureHash = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

const NULL = element(0x05);

const rsaIds: Record<SignatureHash, string> = {
  sha1: '1.2.840.113549.1.1.5',
  sha224: '1.2.840.113549.1.1.14',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};

const ecdsaIds: Record<SignatureHash, string> = {
  sha1: '1.2.840.10045.4.1',
  sha224: '1.2.840.10045.4.3.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};

const ED25519 = '1.3.101.112';

/** The AlgorithmIdentifier of a signature by `key`; `undefined` for a kind of key that signs no certificates here. */
export const signatureAlgorithm = (key: KeyObject, hash: SignatureHash): Buffer | undefined => {
  if (key.asymmetricKeyType === 'rsa') return sequence(objectId(rsaIds[hash]), NULL);
  if (key.asymmetricKeyType === 'ec') return sequence(objectId(ecdsaIds[hash]));
  return key.asymmetricKeyType === 'ed25519' ? sequence(objectId(ED25519)) : undefined;
};

/** `toBeSigned` with its signature, as X.509 frames both. Takes a few milliseconds with a large RSA key. */
export const signed = (toBeSigned: Buffer, key: KeyObject, hash: SignatureHash): Buffer => {
  const algorithm = signatureAlgorithm(key, hash);
  if (algorithm === undefined) throw new TypeError('this kind of key signs no certificates');
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : hash, toBeSigned, key);
  return sequence(toBeSigned, algorithm, bitString(signature));
};

/** Whether the frame's signature is that of `key`. False for algorithms that are not known here. */
export const isSignedBy = (frame: Buffer, key: KeyObject): boolean => {
  const [toBeSigned, algorithm, signature] = readInside(frame);
  if (toBeSigned === undefined || algorithm === undefined || signature === undefined) return false;
  const [id] = readInside(algorithm.whole);
  const dotted = readObjectId(id?.content ?? Buffer.alloc(0));
  const ids = key.asymmetricKeyType === 'rsa' ? rsaIds : ecdsaIds;
  const hash = Object.entries(ids).find(([, known]) => known === dotted)?.[0];
  if (hash === undefined && dotted !== ED25519) return false;
  return verify(hash ?? null, toBeSigned.whole, key, signature.content.subarray(1));
};

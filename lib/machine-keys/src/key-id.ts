// The key id of a machine: SHA-256 of the DER SubjectPublicKeyInfo of its TLS key, as Mandos counts it.

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

const keyIdOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** 64 lower-case hexadecimal digits; `undefined` if the text is no public key in PEM. */
export const keyIdOfPem = (pem: string): string | undefined => {
  try {
    return keyIdOf(createPublicKey({ key: pem, format: 'pem', type: 'spki' }));
  } catch {
    return undefined;
  }
};

// Certificate requests (PKCS #10, RFC 2986): made for a key one has, read from somebody who keeps the key.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { element, explicit, integer, objectId, readElements, readInside, readObjectId, sequence, tag } from './der.ts';
import { extensionId, generalName, subjectAltName } from './extensions.ts';
import { extensionValue } from './read-certificate.ts';
import { isSignedBy, type SignatureHash, signed } from './signature.ts';

/** PKCS #9, RFC 2985: the extensions somebody asks for. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** What is asked for, in DER. */
export interface CertificateRequest {
  readonly subject: Buffer;
  readonly publicKey: Buffer;
  /** GeneralNames: hosts and addresses. Others are not taken over. */
  readonly altNames: readonly Buffer[];
}

/** A request in DER, signed by the key it is for. */
export const makeRequest = (
  { subject, publicKey, altNames }: CertificateRequest,
  key: KeyObject,
  hash: SignatureHash,
): Buffer => {
  const wanted = altNames.length > 0 ? [subjectAltName(altNames)] : [];
  const attributes = wanted.map((extension) =>
    sequence(objectId(EXTENSION_REQUEST), element(tag.set, sequence(extension))),
  );
  return signed(sequence(integer(0n), subject, publicKey, explicit(0, ...attributes)), key, hash);
};

const wantedNames = (attributes: Buffer): readonly Buffer[] => {
  for (const { whole } of readElements(attributes)) {
    const [id, values] = readInside(whole);
    if (readObjectId(id?.content ?? Buffer.alloc(0)) !== EXTENSION_REQUEST) continue;
    const altNames = extensionValue(values?.content ?? Buffer.alloc(0), extensionId.subjectAltName);
    const known: readonly number[] = [generalName.dns, generalName.ip];
    return altNames
      ? readInside(altNames)
          .filter(({ tag: own }) => known.includes(own))
          .map(({ whole: name }) => name)
      : [];
  }
  return [];
};

/** Reads a request in DER; `undefined` if it is none, or not signed by the key it is for. */
export const readRequest = (der: Buffer): CertificateRequest | undefined => {
  try {
    const [toBeSigned] = readInside(der);
    const [, subject, publicKey, attributes] = readElements(toBeSigned?.content ?? Buffer.alloc(0));
    if (subject === undefined || publicKey === undefined) return undefined;
    const key = createPublicKey({ key: publicKey.whole, format: 'der', type: 'spki' });
    if (!isSignedBy(der, key)) return undefined;
    const altNames = wantedNames(attributes?.content ?? Buffer.alloc(0));
    return { subject: subject.whole, publicKey: publicKey.whole, altNames };
  } catch {
    // Whatever OpenSSL or the reader finds wrong with it: it is no request.
    return undefined;
  }
};

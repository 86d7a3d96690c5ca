// The parts of a certificate (RFC 5280, 4.1) that one needs to sign with it or to ask for another like it.

import { type DerElement, readElements, readInside, readObjectId } from './der.ts';
import { extensionId, keyIdentifier } from './extensions.ts';

/** The parts, in DER. */
export interface CertificateParts {
  /** The content of an INTEGER. */
  readonly serial: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly publicKey: Buffer;
  readonly keyIdentifier: Buffer;
  /** GeneralNames. */
  readonly altNames: readonly Buffer[];
}

/** The value of the extension `id` among `extensions`, a SEQUENCE in DER. */
export const extensionValue = (extensions: Buffer, id: string): Buffer | undefined => {
  for (const { whole } of readInside(extensions)) {
    const parts = readInside(whole);
    if (readObjectId(parts[0]?.content ?? Buffer.alloc(0)) === id) return parts.at(-1)?.content;
  }
  return undefined;
};

/** Reads a certificate in DER that OpenSSL has read before. */
export const readCertificate = (der: Buffer): CertificateParts => {
  const [toBeSigned] = readInside(der);
  const elements = readElements(toBeSigned?.content ?? Buffer.alloc(0)).filter(({ tag: own }) => own !== 0xa0);
  const [serial, , issuer, , subject, publicKey] = elements as readonly (DerElement | undefined)[];
  if (!serial || !issuer || !subject || !publicKey) throw new RangeError('DER: a certificate without its parts');
  const extensions = elements.find(({ tag: own }) => own === 0xa3)?.content;
  const ownIdentifier = extensions && extensionValue(extensions, extensionId.subjectKeyIdentifier);
  const altNames = extensions && extensionValue(extensions, extensionId.subjectAltName);
  return {
    serial: serial.content,
    issuer: issuer.whole,
    subject: subject.whole,
    publicKey: publicKey.whole,
    keyIdentifier: readElements(ownIdentifier ?? Buffer.alloc(0))[0]?.content ?? keyIdentifier(publicKey.whole),
    altNames: altNames ? readInside(altNames).map(({ whole }) => whole) : [],
  };
};

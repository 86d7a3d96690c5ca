// The stored form of a certificate with its key: PEM after PEM, as Trocla stores it. RFC 7468.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Derived, FormatRefused } from '../password-format.ts';
import { pemBlocks, pemText } from '../pem.ts';
import { refuse } from '../refuse.ts';
import { joinBytes, wipe } from '../wipe.ts';
import type { Issuer } from './issue-certificate.ts';
import { readCertificate } from './read-certificate.ts';

/** Key and certificates in what is stored, in PEM; both share its memory. */
export interface StoredCertificate {
  readonly privateKey: Buffer | undefined;
  readonly certificates: readonly Buffer[];
}

/** Finds the parts of what is stored. */
export const readStored = (stored: Uint8Array): StoredCertificate => {
  const blocks = pemBlocks(stored);
  return {
    privateKey: blocks.find(({ label }) => label.endsWith('PRIVATE KEY'))?.whole,
    certificates: blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ whole }) => whole),
  };
};

/** The stored authority as an issuer; a refusal that says why it is none. The caller wipes `value`. */
export const openAuthority = (value: Uint8Array): Issuer | FormatRefused => {
  const { privateKey, certificates } = readStored(value);
  const cannot = (reason: string) => refuse('no-authority', `ca: ${reason}`, 'ca');
  if (!privateKey || !certificates[0]) return cannot('there is no certificate with its private key under this name');
  try {
    const key = createPrivateKey(privateKey);
    const certificate = new X509Certificate(certificates[0]);
    if (!certificate.ca) return cannot('the certificate is not that of an authority');
    if (!certificate.checkPrivateKey(key)) return cannot('the private key is not that of the certificate');
    const parts = readCertificate(certificate.raw);
    return { key, name: parts.subject, identity: parts };
  } catch {
    // OpenSSL's own words may show what it tried to read.
    return cannot('the stored key or certificate cannot be read');
  }
};

const NEWLINE = Buffer.from('\n');

const keyText = (key: KeyObject): Buffer => {
  const isRsa = key.asymmetricKeyType === 'rsa';
  const isEc = key.asymmetricKeyType === 'ec';
  const der = key.export({ format: 'der', type: isRsa ? 'pkcs1' : isEc ? 'sec1' : 'pkcs8' });
  const text = pemText(isRsa ? 'RSA PRIVATE KEY' : isEc ? 'EC PRIVATE KEY' : 'PRIVATE KEY', der);
  wipe(der);
  return text;
};

/** What is stored of a new key and its certificate in DER; the caller wipes it. */
export const storedText = (key: KeyObject, certificate: Uint8Array): Buffer => {
  const secret = keyText(key);
  const value = joinBytes(secret, pemText('CERTIFICATE', certificate));
  wipe(secret);
  return value;
};

/**
 * Takes a private key and its certificate, further ones of the chain behind it, as somebody brings them along. In the stored
 * form already, they are kept as they are.
 */
export const importCertificate = (material: Uint8Array): Derived | FormatRefused => {
  const { privateKey, certificates } = readStored(material);
  if (!privateKey || !certificates[0]) return refuse('not-this-format', 'A private key and a certificate are needed.');
  try {
    const key = createPrivateKey(privateKey);
    if (!new X509Certificate(certificates[0]).checkPrivateKey(key)) {
      return refuse('not-this-format', 'The private key is not that of the certificate.');
    }
    const isStoredForm = privateKey.includes('BEGIN RSA ') && privateKey.byteOffset < certificates[0].byteOffset;
    if (isStoredForm) return { kind: 'derived', value: joinBytes(material) };
    const secret = keyText(key);
    const value = joinBytes(secret, ...certificates.flatMap((pem) => [pem, NEWLINE]));
    wipe(secret);
    return { kind: 'derived', value };
  } catch {
    // OpenSSL's own words may show what it tried to read.
    return refuse('not-this-format', 'The private key or the certificate cannot be read.');
  }
};

// A certificate from its parts (RFC 5280, 4.1), with the extensions that Trocla gives it, in Trocla's order.

import type { KeyObject } from 'node:crypto';
import { explicit, integer, sequence, time } from './der.ts';
import {
  type AuthorityIdentity,
  authorityKeyIdentifier,
  basicConstraints,
  keyIdentifier,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyIdentifier,
} from './extensions.ts';
import { type SignatureHash, signatureAlgorithm, signed } from './signature.ts';

const DAY_MS = 86_400_000;
const VERSION_3 = explicit(0, integer(2n));

/** Who signs. */
export interface Issuer {
  readonly key: KeyObject;
  /** The name in DER. */
  readonly name: Buffer;
  /** Its own certificate; absent for one that signs itself. */
  readonly identity?: AuthorityIdentity;
}

/** What a certificate says. */
export interface CertificateContent {
  /** A name in DER. */
  readonly subject: Buffer;
  /** A public key in DER. */
  readonly publicKey: Buffer;
  readonly serial: bigint;
  readonly notBeforeUnixMs: number;
  readonly days: number;
  readonly isAuthority: boolean;
  /** GeneralNames; none: no extension. */
  readonly altNames: readonly Uint8Array[];
  /** Names that `isKeyUsage` knows; none: no extension. */
  readonly keyUsages: readonly string[];
  /** DNS domains, for an authority. */
  readonly permittedDomains: readonly string[];
  readonly hash: SignatureHash;
}

/** The certificate in DER. Throws TypeError if the issuer's key signs no certificates. */
export const issueCertificate = (content: CertificateContent, issuer: Issuer): Buffer => {
  const { subject, publicKey, notBeforeUnixMs, days, isAuthority, altNames, keyUsages, permittedDomains } = content;
  const serial = integer(content.serial);
  const identifier = keyIdentifier(publicKey);
  const own: AuthorityIdentity = { keyIdentifier: identifier, issuer: issuer.name, serial: serial.subarray(2) };
  const extensions = [
    subjectKeyIdentifier(identifier),
    ...(altNames.length > 0 ? [subjectAltName(altNames)] : []),
    basicConstraints(isAuthority),
    ...(keyUsages.length > 0 ? [keyUsage(keyUsages)] : []),
    ...(isAuthority && permittedDomains.length > 0 ? [nameConstraints(permittedDomains)] : []),
    authorityKeyIdentifier(issuer.identity ?? own),
  ];
  const algorithm = signatureAlgorithm(issuer.key, content.hash);
  if (algorithm === undefined) throw new TypeError('this kind of key signs no certificates');
  const validity = sequence(time(notBeforeUnixMs), time(notBeforeUnixMs + days * DAY_MS));
  const toBeSigned = sequence(
    VERSION_3,
    serial,
    algorithm,
    issuer.name,
    validity,
    subject,
    publicKey,
    explicit(3, sequence(...extensions)),
  );
  return signed(toBeSigned, issuer.key, content.hash);
};

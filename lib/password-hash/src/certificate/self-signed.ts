// A certificate that its own key has signed, for a server that nobody has given a better one. RFC 5280.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { pemText } from '../pem.ts';
import { nameDer } from './distinguished-name.ts';
import { hostName } from './extensions.ts';
import { issueCertificate } from './issue-certificate.ts';

export interface SelfSignedRequest {
  /** A private key that can sign: ec, ed25519 or RSA. */
  readonly key: KeyObject;
  readonly commonName: string;
  /** Names and addresses that it is good for. */
  readonly hosts: readonly string[];
  /** Positive and not longer than 20 bytes. */
  readonly serial: bigint;
  readonly notBeforeUnixMs: number;
  readonly days: number;
}

/** The certificate in PEM. Throws TypeError for a key that signs no certificates. */
export const makeSelfSigned = ({ key, commonName, hosts, ...rest }: SelfSignedRequest): Buffer => {
  const subject = nameDer([['CN', commonName]]);
  const content = {
    ...rest,
    subject,
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }),
    isAuthority: false,
    altNames: hosts.map(hostName),
    keyUsages: ['digitalSignature'],
    permittedDomains: [],
    hash: 'sha256',
  } as const;
  return pemText('CERTIFICATE', issueCertificate(content, { key, name: subject }));
};

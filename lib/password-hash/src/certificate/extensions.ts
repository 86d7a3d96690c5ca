// Extensions of certificates (RFC 5280, 4.2), as OpenSSL writes them.

import { createHash } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { bitString, element, explicit, objectId, readInside, sequence, tag } from './der.ts';

export const extensionId = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
} as const;

const TRUE = element(tag.boolean, Buffer.of(0xff));

const extension = (id: string, isCritical: boolean, value: Uint8Array): Buffer =>
  sequence(objectId(id), ...(isCritical ? [TRUE] : []), element(tag.octetString, value));

/** SHA-1 of the key's bits, of a public key in DER. RFC 5280, 4.2.1.2. */
export const keyIdentifier = (publicKey: Buffer): Buffer => {
  const [, bits] = readInside(publicKey);
  if (bits === undefined) throw new RangeError('DER: a public key without a key');
  return createHash('sha1').update(bits.content.subarray(1)).digest();
};

export const subjectKeyIdentifier = (identifier: Uint8Array): Buffer =>
  extension(extensionId.subjectKeyIdentifier, false, element(tag.octetString, identifier));

/** Tags of a GeneralName. */
export const generalName = { dns: 0x82, directory: 4, ip: 0x87 } as const;

const ipv6Bytes = (address: string): Buffer => {
  // An IPv4 tail counts as two groups.
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  );
  const [head = [], tail = []] = plain.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = plain.includes('::') ? [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail] : head;
  return Buffer.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
};

/** A host's name or its address as a GeneralName. */
export const hostName = (host: string): Buffer => {
  if (isIPv4(host)) return element(generalName.ip, Buffer.from(host.split('.').map(Number)));
  if (isIPv6(host) && !host.includes('%')) return element(generalName.ip, ipv6Bytes(host));
  return element(generalName.dns, Buffer.from(host));
};

export const subjectAltName = (names: readonly Uint8Array[]): Buffer =>
  extension(extensionId.subjectAltName, true, sequence(...names));

export const basicConstraints = (isAuthority: boolean): Buffer =>
  extension(extensionId.basicConstraints, true, sequence(...(isAuthority ? [TRUE] : [])));

/** Usages in the order of their bits. */
const usages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/** The number of a usage's bit, by its short or OpenSSL's long name; -1 if there is none such. */
const usageBit = (name: string): number => {
  const wanted = name.replaceAll(' ', '').toLowerCase();
  return usages.findIndex((usage) => usage.toLowerCase() === wanted);
};

export const isKeyUsage = (name: string): boolean => usageBit(name) >= 0;

/** keyUsage of names that {@link isKeyUsage} knows. */
export const keyUsage = (names: readonly string[]): Buffer => {
  const bits = [...new Set(names.map(usageBit))];
  const highest = Math.max(...bits);
  const bytes = Buffer.alloc((highest >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return extension(extensionId.keyUsage, true, bitString(bytes, 7 - (highest & 7)));
};

/** Only these domains and what is below them. */
export const nameConstraints = (domains: readonly string[]): Buffer => {
  const permitted = domains.map((domain) => sequence(element(generalName.dns, Buffer.from(domain))));
  return extension(extensionId.nameConstraints, true, sequence(explicit(0, ...permitted)));
};

/** Which certificate the issuer's is: its key, and its own issuer and serial. */
export interface AuthorityIdentity {
  readonly keyIdentifier: Uint8Array;
  /** A name in DER. */
  readonly issuer: Uint8Array;
  /** The content of an INTEGER. */
  readonly serial: Uint8Array;
}

export const authorityKeyIdentifier = ({ keyIdentifier: identifier, issuer, serial }: AuthorityIdentity): Buffer =>
  extension(
    extensionId.authorityKeyIdentifier,
    false,
    sequence(element(0x80, identifier), explicit(1, explicit(generalName.directory, issuer)), element(0x82, serial)),
  );

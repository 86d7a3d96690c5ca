// An RSA key and a certificate, signed by itself or by an authority that is stored under another name; or the certificate
// alone, for somebody who keeps the key and sends a request. Stored as Trocla stores it: the key in PKCS #1, then the
// certificate, both PEM. RFC 5280.

import { createPrivateKey, generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import {
  type CertificateOptions,
  certificateOptions,
  hostNamesOf,
  namePartsOf,
} from '../certificate/certificate-options.ts';
import { makeRequest, readRequest } from '../certificate/certificate-request.ts';
import { nameDer } from '../certificate/distinguished-name.ts';
import { hostName } from '../certificate/extensions.ts';
import { type CertificateContent, type Issuer, issueCertificate } from '../certificate/issue-certificate.ts';
import { readCertificate } from '../certificate/read-certificate.ts';
import { importCertificate, openAuthority, readStored, storedText } from '../certificate/stored-certificate.ts';
import { type Checked, defineFormat } from '../define-format.ts';
import type { Derived, DeriveRequest, FormatRefused, Rendered, StoredAuthority } from '../password-format.ts';
import { pemBlocks, pemText } from '../pem.ts';
import { refuse } from '../refuse.ts';
import { randomBytes } from '../salt.ts';
import { runSlowly } from '../slow-queue.ts';
import { joinBytes, wipe } from '../wipe.ts';

const generate = promisify(generateKeyPair);

const SERIAL_BYTES = 10;

const hostUsages = ['nonRepudiation', 'digitalSignature', 'keyEncipherment'];
const authorityUsages = ['keyCertSign', 'cRLSign', ...hostUsages];

type Request = Checked<DeriveRequest, CertificateOptions>;

const makeSerial = (used: ReadonlySet<bigint>, random: (target: Uint8Array) => void): bigint => {
  for (;;) {
    const serial = BigInt(`0x${randomBytes(SERIAL_BYTES, random).toString('hex')}`);
    if (serial > 0n && !used.has(serial)) return serial;
  }
};

const contentOf = (
  { options, nowUnixMs }: Request,
  { publicKey, serial }: Pick<CertificateContent, 'publicKey' | 'serial'>,
): CertificateContent => {
  const parts = namePartsOf(options) ?? [];
  const isAuthority = options.become_ca;
  return {
    subject: nameDer(parts),
    publicKey,
    serial,
    notBeforeUnixMs: nowUnixMs,
    days: options.days,
    isAuthority,
    altNames: isAuthority ? [] : hostNamesOf(parts, options.altnames).map(hostName),
    keyUsages: options.key_usages ?? (isAuthority ? authorityUsages : hostUsages),
    permittedDomains: options.name_constraints ?? [],
    hash: options.hash,
  };
};

/** Fetches the authority that `ca` names, and opens it. Its stored value is wiped. */
const fetchIssuer = async (
  { fetchAuthority }: Request,
  name: string,
): Promise<
  { readonly kind: 'fetched'; readonly issuer: Issuer; readonly used: ReadonlySet<bigint> } | FormatRefused
> => {
  const authority: StoredAuthority | undefined = await fetchAuthority?.(name);
  if (!authority) return refuse('no-authority', 'ca: nothing is stored under this name', 'ca');
  const issuer = openAuthority(authority.value);
  wipe(authority.value);
  return 'kind' in issuer ? issuer : { kind: 'fetched', issuer, used: authority.usedSerials };
};

const signOwn = async (request: Request): Promise<Derived | FormatRefused> => {
  const { options, random } = request;
  const fetched = options.ca === undefined ? undefined : await fetchIssuer(request, options.ca);
  if (fetched?.kind === 'refused') return fetched;
  const pair = await runSlowly(() => generate('rsa', { modulusLength: options.keysize }));
  if ('kind' in pair) return pair;
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' });
  const serial = makeSerial(fetched?.used ?? new Set(), random);
  const content = contentOf(request, { publicKey, serial });
  const certificate = issueCertificate(content, fetched?.issuer ?? { key: pair.privateKey, name: content.subject });
  return { kind: 'derived', value: storedText(pair.privateKey, certificate), ...issuedBy(options.ca, serial) };
};

const signRequest = async (request: Request, csr: string, ca: string): Promise<Derived | FormatRefused> => {
  const block = pemBlocks(Buffer.from(csr)).find(({ label }) => /^(?:NEW )?CERTIFICATE REQUEST$/.test(label));
  const asked = block && readRequest(derOf(block.whole));
  if (!asked) return refuse('invalid-option', 'csr: is no certificate request that its own key has signed', 'csr');
  const fetched = await fetchIssuer(request, ca);
  if (fetched.kind === 'refused') return fetched;
  const serial = makeSerial(fetched.used, request.random);
  const own = contentOf(request, { publicKey: asked.publicKey, serial });
  const isNamed = request.options.subject !== undefined || request.options.CN !== undefined;
  const isListed = request.options.altnames !== undefined || isNamed || own.isAuthority;
  const content: CertificateContent = {
    ...own,
    subject: isNamed ? own.subject : asked.subject,
    altNames: isListed ? own.altNames : asked.altNames,
  };
  const certificate = issueCertificate(content, fetched.issuer);
  return { kind: 'derived', value: pemText('CERTIFICATE', certificate), ...issuedBy(ca, serial) };
};

const issuedBy = (authority: string | undefined, serial: bigint): Pick<Derived, 'issued'> =>
  authority === undefined ? {} : { issued: { authority, serial } };

/** Of what is public only: the base64 passes through a string. */
const derOf = (pem: Buffer): Buffer =>
  Buffer.from(pem.toString('latin1').replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');

const NEWLINE = Buffer.from('\n');

const renderPart = (stored: Uint8Array, flag: string): Rendered => {
  const { privateKey, certificates } = readStored(stored);
  const missing = refuse('not-this-format', 'The stored value has no such part, or it cannot be read.');
  if (flag === 'keyonly') {
    return privateKey ? { kind: 'rendered', text: joinBytes(privateKey, NEWLINE) } : missing;
  }
  const [first] = certificates;
  if (flag === 'certonly') {
    return first ? { kind: 'rendered', text: joinBytes(...certificates.flatMap((pem) => [pem, NEWLINE])) } : missing;
  }
  try {
    if (!first) return missing;
    const certificate = new X509Certificate(first);
    if (flag === 'publickeyonly') {
      return { kind: 'rendered', text: Buffer.from(certificate.publicKey.export({ format: 'pem', type: 'spki' })) };
    }
    if (!privateKey) return missing;
    const request = makeRequest(readCertificate(certificate.raw), createPrivateKey(privateKey), 'sha256');
    return { kind: 'rendered', text: pemText('CERTIFICATE REQUEST', request) };
  } catch {
    return missing;
  }
};

/** X.509. */
export const x509 = defineFormat({
  name: 'x509',
  summary: 'An RSA key with a certificate, signed by itself or by the stored authority that the option ca names.',
  kind: 'generated',
  isSlow: true,
  isRecoverable: true,
  options: certificateOptions,
  renderings: [
    { name: 'keyonly', isPublic: false },
    { name: 'certonly', isPublic: true },
    { name: 'publickeyonly', isPublic: true },
    { name: 'csronly', isPublic: true },
  ],
  derive: async (request) => {
    const { csr, ca } = request.options;
    return csr === undefined || ca === undefined ? signOwn(request) : signRequest(request, csr, ca);
  },
  import: { options: z.object({}), take: async ({ material }) => importCertificate(material) },
  recognizes: (stored) => readStored(stored).certificates.length > 0,
  render: (stored, flag) =>
    flag === undefined ? { kind: 'rendered', text: joinBytes(stored) } : renderPart(stored, flag),
});

// The handshake messages a proof is made of, taken apart strictly: every length must be exact, nothing may trail, no
// extension may come twice. Each parser yields undefined for anything else.
// RFC 8446 sections 4.1.2 to 4.4.3, RFC 7250 section 4.2.

import { ByteReader } from './byte-reader.ts';

/** Handshake types (RFC 8446 section 4); a HelloRetryRequest is a ServerHello with a special random. */
export const messageType = {
  clientHello: 1,
  serverHello: 2,
  encryptedExtensions: 8,
  certificate: 11,
  certificateRequest: 13,
  certificateVerify: 15,
} as const;

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
const RAW_PUBLIC_KEY = 2;
const extensionType = { serverCertificateType: 20, supportedVersions: 43, cookie: 44, keyShare: 51 } as const;
/** SHA-256("HelloRetryRequest"), RFC 8446 section 4.1.3. */
const HELLO_RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

export interface ClientHello {
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly suites: ReadonlySet<number>;
}

export interface ServerHello {
  readonly isRetry: boolean;
  readonly sessionId: Buffer;
  readonly suite: number;
}

export interface CertificateVerify {
  readonly scheme: number;
  readonly signature: Buffer;
}

/** The type of a message, or undefined if its 4-byte header does not describe it exactly. */
export const typeOfMessage = (message: Uint8Array): number | undefined => {
  const reader = new ByteReader(message);
  const type = reader.uint(1);
  reader.vector(3);
  return reader.isSpent ? type : undefined;
};

const bodyOf = (message: Uint8Array): ByteReader => new ByteReader(message.subarray(4));

/** Extensions by type, or undefined if they are malformed or one comes twice. */
const parseExtensions = (bytes: Uint8Array): ReadonlyMap<number, Buffer> | undefined => {
  const reader = new ByteReader(bytes);
  const extensions = new Map<number, Buffer>();
  while (reader.hasMore) {
    const type = reader.uint(2);
    const value = reader.vector(2);
    if (extensions.has(type)) return undefined;
    extensions.set(type, value);
  }
  return reader.isSpent ? extensions : undefined;
};

/** ClientHello, offering null compression only, as TLS 1.3 demands. */
export const parseClientHello = (message: Uint8Array): ClientHello | undefined => {
  const reader = bodyOf(message);
  const version = reader.uint(2);
  const random = reader.take(32);
  const sessionId = reader.vector(1);
  const suiteBytes = reader.vector(2);
  const compression = reader.vector(1);
  const extensions = parseExtensions(reader.vector(2));
  if (!reader.isSpent || extensions === undefined) return undefined;
  if (version !== TLS_1_2 || sessionId.length > 32 || suiteBytes.length % 2 !== 0) return undefined;
  if (compression.length !== 1 || compression[0] !== 0) return undefined;
  const suites = new Set<number>();
  for (let at = 0; at < suiteBytes.length; at += 2) suites.add(suiteBytes.readUInt16BE(at));
  return { random, sessionId, suites };
};

/** ServerHello or HelloRetryRequest of TLS 1.3 with key exchange and without a pre-shared key. */
export const parseServerHello = (message: Uint8Array): ServerHello | undefined => {
  const reader = bodyOf(message);
  const version = reader.uint(2);
  const random = reader.take(32);
  const sessionId = reader.vector(1);
  const suite = reader.uint(2);
  const compression = reader.uint(1);
  const extensions = parseExtensions(reader.vector(2));
  if (!reader.isSpent || extensions === undefined) return undefined;
  if (version !== TLS_1_2 || sessionId.length > 32 || compression !== 0) return undefined;
  const isRetry = random.equals(HELLO_RETRY_RANDOM);
  const selected = extensions.get(extensionType.supportedVersions);
  if (selected?.length !== 2 || selected.readUInt16BE(0) !== TLS_1_3) return undefined;
  for (const type of extensions.keys()) {
    const isAllowed =
      type === extensionType.supportedVersions ||
      type === extensionType.keyShare ||
      (isRetry && type === extensionType.cookie);
    if (!isAllowed) return undefined;
  }
  if (!isRetry && !extensions.has(extensionType.keyShare)) return undefined;
  return { isRetry, sessionId, suite };
};

/** Whether EncryptedExtensions is well-formed and selects a raw public key as the server's certificate. */
export const selectsRawPublicKey = (message: Uint8Array): boolean => {
  const reader = bodyOf(message);
  const extensions = parseExtensions(reader.vector(2));
  if (!reader.isSpent || extensions === undefined) return false;
  const selected = extensions.get(extensionType.serverCertificateType);
  return selected?.length === 1 && selected[0] === RAW_PUBLIC_KEY;
};

/** Whether a CertificateRequest is well-formed; in a first handshake its context is empty. */
export const isCertificateRequest = (message: Uint8Array): boolean => {
  const reader = bodyOf(message);
  const context = reader.vector(1);
  const extensions = parseExtensions(reader.vector(2));
  return reader.isSpent && context.length === 0 && extensions !== undefined;
};

/** The SubjectPublicKeyInfo of a Certificate with exactly one entry that has no extensions. */
export const parseRawPublicKey = (message: Uint8Array): Buffer | undefined => {
  const reader = bodyOf(message);
  const context = reader.vector(1);
  const list = new ByteReader(reader.vector(3));
  const spki = list.vector(3);
  const extensions = list.vector(2);
  if (!reader.isSpent || !list.isSpent) return undefined;
  return context.length === 0 && extensions.length === 0 && spki.length > 0 ? spki : undefined;
};

export const parseCertificateVerify = (message: Uint8Array): CertificateVerify | undefined => {
  const reader = bodyOf(message);
  const scheme = reader.uint(2);
  const signature = reader.vector(2);
  return reader.isSpent ? { scheme, signature } : undefined;
};

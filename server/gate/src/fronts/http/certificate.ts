// The gate's TLS key and certificate: those that the settings name, or a pair of its own that signs itself, made once and
// kept beside its other key.

import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { HttpConfig } from './http-config.ts';

const OWN_DAYS = 3_650;

/** The certificate or key cannot be used. The text says which and why. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** Made by the gate itself, if they are missing. */
  readonly isOwn: boolean;
}

/** Where the pair lies. */
export const certificateFiles = ({ certificate, key }: HttpConfig, directory: string): CertificateFiles =>
  certificate !== undefined && key !== undefined
    ? { certificate, key, isOwn: false }
    : { certificate: join(directory, 'http.crt'), key: join(directory, 'http.key'), isOwn: true };

/** A pair as TLS takes it. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** SHA-256 of the certificate, in hex digits with colons, as openssl(1) shows it. */
  readonly fingerprint: string;
}

const read = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CertificateError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
};

const parse = <T>(path: string, what: string, parseIt: () => T): T => {
  try {
    return parseIt();
  } catch {
    throw new CertificateError(`${path} is no ${what} in PEM`);
  }
};

/** Reads a pair. Throws {@link CertificateError}, also if the two do not belong together. */
export const readCertificate = ({ certificate, key }: CertificateFiles): TlsPair => {
  const cert = read(certificate);
  const secret = read(key);
  const parsed = parse(certificate, 'certificate', () => new X509Certificate(cert));
  const privateKey = parse(key, 'private key', () => createPrivateKey(secret));
  if (!parsed.checkPrivateKey(privateKey)) throw new CertificateError(`${key} does not belong to ${certificate}`);
  return { cert, key: secret, fingerprint: parsed.fingerprint256 };
};

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

const writeWhole = (path: string, content: Buffer | string): void => {
  try {
    writeFileSync(`${path}.new`, content, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new CertificateError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
};

/** Makes the gate's own pair if one of its files is missing. Throws {@link CertificateError}. */
export const makeMissingCertificate = async (files: CertificateFiles): Promise<void> => {
  if (!files.isOwn || (isThere(files.certificate) && isThere(files.key))) return;
  const { makeSelfSigned } = await import('@chatelaine/password-hash/certificate');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = makeSelfSigned({
    key: privateKey,
    commonName: 'chatelaine',
    hosts: [...new Set([hostname(), 'localhost', '127.0.0.1', '::1'])],
    serial: BigInt(`0x01${randomBytes(15).toString('hex')}`),
    notBeforeUnixMs: Date.now(),
    days: OWN_DAYS,
  });
  // The certificate last: both are there, or the pair is made anew.
  writeWhole(files.key, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeWhole(files.certificate, certificate);
};

/** Makes the gate's own pair unless another one is configured; gives the fingerprint of the one that will be used. */
export const prepareCertificate = async (
  directory: string,
  config: HttpConfig,
): Promise<{ readonly fingerprint?: string }> => {
  if (config.listen.length === 0) return {};
  const files = certificateFiles(config, directory);
  await makeMissingCertificate(files);
  return { fingerprint: readCertificate(files).fingerprint };
};

/** When the pair was changed last. */
export const changedAtMs = ({ certificate, key }: CertificateFiles): number =>
  Math.max(...[certificate, key].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0));

// A machine's public key as the handshake shows it. One key has one encoding here, and so one key id: an encoding that
// is not the canonical one is refused. A signature counts only under a scheme made for that type of key.
// RFC 5280 section 4.1 (SubjectPublicKeyInfo), RFC 8446 section 4.2.3 (signature schemes).

import { constants, createPublicKey, hash, type KeyObject, verify } from 'node:crypto';

interface Scheme {
  readonly keyType: 'ed25519' | 'ed448' | 'ec' | 'rsa' | 'rsa-pss';
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  readonly curve?: 'prime256v1' | 'secp384r1' | 'secp521r1';
  /** RSASSA-PSS: as long as the hash. */
  readonly saltBytes?: number;
}

/** RFC 8446 allows PKCS #1 v1.5 in certificates only, never in CertificateVerify: it is not here. */
const schemes: ReadonlyMap<number, Scheme> = new Map([
  [0x0403, { keyType: 'ec', hash: 'sha256', curve: 'prime256v1' }],
  [0x0503, { keyType: 'ec', hash: 'sha384', curve: 'secp384r1' }],
  [0x0603, { keyType: 'ec', hash: 'sha512', curve: 'secp521r1' }],
  [0x0804, { keyType: 'rsa', hash: 'sha256', saltBytes: 32 }],
  [0x0805, { keyType: 'rsa', hash: 'sha384', saltBytes: 48 }],
  [0x0806, { keyType: 'rsa', hash: 'sha512', saltBytes: 64 }],
  [0x0807, { keyType: 'ed25519' }],
  [0x0808, { keyType: 'ed448' }],
  [0x0809, { keyType: 'rsa-pss', hash: 'sha256', saltBytes: 32 }],
  [0x080a, { keyType: 'rsa-pss', hash: 'sha384', saltBytes: 48 }],
  [0x080b, { keyType: 'rsa-pss', hash: 'sha512', saltBytes: 64 }],
] as const satisfies readonly (readonly [number, Scheme])[]);

/** DER up to the coordinates: named curve, uncompressed point (RFC 5480 section 2). */
const curvePrefix: ReadonlyMap<string, Buffer> = new Map([
  ['prime256v1', Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')],
  ['secp384r1', Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex')],
  ['secp521r1', Buffer.from('30819b301006072a8648ce3d020106052b810400230381860004', 'hex')],
]);

/** A 16,384-bit RSA key with room to spare. */
const MAX_SPKI_BYTES = 4_096;
const RSA_BITS = { min: 2_048, max: 16_384 };

/** OpenSSL keeps the form in which an EC key came; only one form is canonical. */
const isNamedAndUncompressed = (spki: Buffer, curve: string | undefined): boolean => {
  const prefix = curvePrefix.get(curve ?? '');
  return prefix?.equals(spki.subarray(0, prefix.length)) ?? false;
};

/** Reads a key from its canonical DER SubjectPublicKeyInfo; undefined for anything else. */
export const readRawPublicKey = (spki: Buffer): KeyObject | undefined => {
  if (spki.length > MAX_SPKI_BYTES) return undefined;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    if (!key.export({ format: 'der', type: 'spki' }).equals(spki)) return undefined;
  } catch {
    return undefined;
  }
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'ed25519':
    case 'ed448':
      return key;
    case 'ec':
      return isNamedAndUncompressed(spki, details?.namedCurve) ? key : undefined;
    case 'rsa':
    case 'rsa-pss': {
      const bits = details?.modulusLength ?? 0;
      return bits >= RSA_BITS.min && bits <= RSA_BITS.max ? key : undefined;
    }
    default:
      return undefined;
  }
};

/** SHA-256 of the DER SubjectPublicKeyInfo: 64 lower-case hex digits. */
export const keyIdOf = (spki: Uint8Array): string => hash('sha256', spki, 'hex');

/** Whether the scheme fits the key and the signature is right. */
export const isSignedBy = (key: KeyObject, schemeId: number, content: Buffer, signature: Buffer): boolean => {
  const scheme = schemes.get(schemeId);
  if (scheme === undefined || scheme.keyType !== key.asymmetricKeyType) return false;
  if (scheme.curve !== undefined && scheme.curve !== key.asymmetricKeyDetails?.namedCurve) return false;
  const padding =
    scheme.saltBytes === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltBytes };
  try {
    return verify(scheme.hash ?? null, content, { key, ...padding }, signature);
  } catch {
    return false;
  }
};

// A machine's public key as the handshake shows it. One key has one encoding here, and so one key id: an encoding that
// is not the canonical one is refused. A signature counts only under a scheme made for that type of key.
// RFC 5280 section 4.1 (SubjectPublicKeyInfo), RFC 8446 section 4.2.3 (signature schemes).

import { constants, createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { createRequire } from 'node:module';

interface Scheme {
  readonly keyType: 'ed448' | 'ec' | 'rsa' | 'rsa-pss';
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
  [0x0808, { keyType: 'ed448' }],
  [0x0809, { keyType: 'rsa-pss', hash: 'sha256', saltBytes: 32 }],
  [0x080a, { keyType: 'rsa-pss', hash: 'sha384', saltBytes: 48 }],
  [0x080b, { keyType: 'rsa-pss', hash: 'sha512', saltBytes: 64 }],
] as const satisfies readonly (readonly [number, Scheme])[]);

/** Keys whose canonical DER is a fixed head and then so many bytes. EC: a named curve and an uncompressed point. */
const fixedForms = [
  { head: '3043300506032b6571033a00', restBytes: 57 },
  { head: '3059301306072a8648ce3d020106082a8648ce3d03010703420004', restBytes: 64 },
  { head: '3076301006072a8648ce3d020106052b8104002203620004', restBytes: 96 },
  { head: '30819b301006072a8648ce3d020106052b810400230381860004', restBytes: 132 },
].map(({ head, restBytes }) => ({ head: Buffer.from(head, 'hex'), restBytes }));

const hasFixedForm = (spki: Buffer): boolean =>
  fixedForms.some(
    ({ head, restBytes }) => spki.length === head.length + restBytes && head.compare(spki, 0, head.length) === 0,
  );

/**
 * A key that a signature can be checked with. Ed25519, which nearly every machine has, stays as it came: libsodium checks its
 * signatures in half the time, and OpenSSL would need as long again to read the key (measured).
 */
export type RawPublicKey = KeyObject | { readonly ed25519: Buffer };

interface Sodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

// Only who checks a proof loads it.
let loaded: Sodium | undefined;
const sodium = (): Sodium => {
  loaded ??= createRequire(import.meta.url)('sodium-native') as Sodium;
  return loaded;
};

const ED25519_SCHEME = 0x0807;
const ED25519_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_KEY_BYTES = 32;
const ED25519_SIGNATURE_BYTES = 64;

const isEd25519 = (spki: Buffer): boolean =>
  spki.length === ED25519_HEAD.length + ED25519_KEY_BYTES && ED25519_HEAD.compare(spki, 0, ED25519_HEAD.length) === 0;

/** A 16,384-bit RSA key with room to spare. */
const MAX_SPKI_BYTES = 4_096;
const RSA_BITS = { min: 2_048, max: 16_384 };

/** OpenSSL writes RSA keys canonically, however they came; EC keys it leaves in the form they had. */
const isCanonicalRsa = (key: KeyObject, spki: Buffer): boolean => {
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return false;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) return false;
  return key.export({ format: 'der', type: 'spki' }).equals(spki);
};

/** Reads a key from its canonical DER SubjectPublicKeyInfo; undefined for anything else. */
export const readRawPublicKey = (spki: Buffer): RawPublicKey | undefined => {
  if (isEd25519(spki)) return { ed25519: spki.subarray(ED25519_HEAD.length) };
  if (spki.length > MAX_SPKI_BYTES) return undefined;
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return hasFixedForm(spki) || isCanonicalRsa(key, spki) ? key : undefined;
  } catch {
    return undefined;
  }
};

/** SHA-256 of the DER SubjectPublicKeyInfo: 64 lower-case hex digits. */
export const keyIdOf = (spki: Uint8Array): string => hash('sha256', spki, 'hex');

/** The first scheme made for a type of key. */
export const schemeOf = (key: RawPublicKey): number | undefined => {
  if ('ed25519' in key) return ED25519_SCHEME;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return [...schemes].find(
    ([, scheme]) => scheme.keyType === key.asymmetricKeyType && (scheme.curve === undefined || scheme.curve === curve),
  )?.[0];
};

/** Whether the scheme fits the key and the signature is right. */
export const isSignedBy = (key: RawPublicKey, schemeId: number, content: Buffer, signature: Buffer): boolean => {
  if ('ed25519' in key) {
    const fits = schemeId === ED25519_SCHEME && signature.length === ED25519_SIGNATURE_BYTES;
    return fits && sodium().crypto_sign_verify_detached(signature, content, key.ed25519);
  }
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

// Checks a person's SSH signature over exact bytes. Forms: PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH, RFC 4253 section 6.6,
// RFC 5656 section 3.1, RFC 8332, RFC 8709. The mathematics is node:crypto's.

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

const MAGIC = Buffer.from('SSHSIG');
const MIN_RSA_BITS = 2_048;
const USER_PRESENT = 1;

/** The bytes are not of the expected form. */
class FormError extends Error {
  override readonly name = 'FormError';
}

/** Reads SSH wire strings, RFC 4251 section 5. */
class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  take(size: number): Buffer {
    if (size > this.#bytes.length - this.#at) throw new FormError('ends too early');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  uint32(): number {
    return this.take(4).readUInt32BE(0);
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new FormError('goes on after its end');
  }
}

const wireString = (bytes: Uint8Array): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
};

const curves: Readonly<Record<string, { readonly crv: string; readonly hash: string; readonly sizeBytes: number }>> = {
  nistp256: { crv: 'P-256', hash: 'sha256', sizeBytes: 32 },
  nistp384: { crv: 'P-384', hash: 'sha384', sizeBytes: 48 },
  nistp521: { crv: 'P-521', hash: 'sha512', sizeBytes: 66 },
};

const unsigned = (mpint: Buffer): Buffer => (mpint[0] === 0 ? mpint.subarray(1) : mpint);

/** Verifies the signature blob that belongs to one kind of key. */
type Check = (data: Buffer, signatureType: string, signature: WireReader) => boolean;

interface ParsedKey {
  readonly key: KeyObject;
  readonly check: Check;
}

const ed25519Key = (raw: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });

const curveKey = (curveName: string, point: Buffer) => {
  const curve = curves[curveName];
  if (curve === undefined || point.length !== 1 + 2 * curve.sizeBytes || point[0] !== 4) throw new FormError('curve');
  const x = point.subarray(1, 1 + curve.sizeBytes).toString('base64url');
  const y = point.subarray(1 + curve.sizeBytes).toString('base64url');
  return { curve, key: createPublicKey({ key: { kty: 'EC', crv: curve.crv, x, y }, format: 'jwk' }) };
};

/** Two integers of an ECDSA signature as IEEE P1363 has them: both padded to the size of the curve. */
const joinIntegers = (blob: Buffer, sizeBytes: number): Buffer => {
  const reader = new WireReader(blob);
  const parts = [unsigned(reader.string()), unsigned(reader.string())];
  reader.end();
  if (parts.some((part) => part.length > sizeBytes)) throw new FormError('integer');
  return Buffer.concat(parts.map((part) => Buffer.concat([Buffer.alloc(sizeBytes - part.length), part])));
};

/** What a security key signed instead of the data: application, flags, counter. A touch is required. */
const signedByToken = (application: Buffer, data: Buffer, signature: WireReader): Buffer | undefined => {
  const flagsAndCounter = signature.take(5);
  if (((flagsAndCounter[0] ?? 0) & USER_PRESENT) === 0) return undefined;
  const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  return Buffer.concat([digest(application), flagsAndCounter, digest(data)]);
};

const parseKey = (blob: Uint8Array): ParsedKey => {
  const reader = new WireReader(blob);
  const type = reader.text();
  const rest = (): ParsedKey => {
    if (type === 'ssh-ed25519') {
      const key = ed25519Key(reader.string());
      return { key, check: (data, kind, it) => kind === type && verify(null, data, key, it.string()) };
    }
    if (type === 'sk-ssh-ed25519@openssh.com') {
      const key = ed25519Key(reader.string());
      const application = reader.string();
      const check: Check = (data, kind, it) => {
        const signature = it.string();
        const signed = signedByToken(application, data, it);
        return kind === type && signed !== undefined && verify(null, signed, key, signature);
      };
      return { key, check };
    }
    if (type === 'ssh-rsa') {
      const [e, n] = [unsigned(reader.string()), unsigned(reader.string())];
      if (n.length * 8 < MIN_RSA_BITS) throw new FormError('RSA key too small');
      const jwk = { kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') };
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const hashes: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };
      return {
        key,
        check: (data, kind, it) => {
          const hash = Object.hasOwn(hashes, kind) ? hashes[kind] : undefined;
          return hash !== undefined && verify(hash, data, key, it.string());
        },
      };
    }
    const isToken = type === 'sk-ecdsa-sha2-nistp256@openssh.com';
    if (!isToken && !type.startsWith('ecdsa-sha2-')) throw new FormError('key type');
    const { curve, key } = curveKey(reader.text(), reader.string());
    const application = isToken ? reader.string() : undefined;
    return {
      key,
      check: (data, kind, it) => {
        const signature = joinIntegers(it.string(), curve.sizeBytes);
        const signed = application === undefined ? data : signedByToken(application, data, it);
        const options = { key, dsaEncoding: 'ieee-p1363' } as const;
        return kind === type && signed !== undefined && verify(curve.hash, signed, options, signature);
      },
    };
  };
  const parsed = rest();
  reader.end();
  return parsed;
};

/** An SSH public key. */
export interface SshPublicKey {
  /** The key as in the second field of a `.pub` file, decoded. */
  readonly blob: Buffer;
  /** `SHA256:…`, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo, hex: what a machine with the same key would be known by. */
  readonly keyId: string;
}

/** Reads one line of a `.pub` file; `undefined` if it is not a key that can be checked here. */
export const parseSshPublicKey = (line: string): SshPublicKey | undefined => {
  const [type = '', text = ''] = line.trim().split(/\s+/);
  const blob = Buffer.from(text, 'base64');
  try {
    const { key } = parseKey(blob);
    if (new WireReader(blob).text() !== type) return undefined;
    const spki = key.export({ format: 'der', type: 'spki' });
    return {
      blob,
      fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
      keyId: createHash('sha256').update(spki).digest('hex'),
    };
  } catch {
    return undefined;
  }
};

/**
 * Whether `signature` (a binary SSHSIG blob) is one of this key over `message` in `namespace`. Malformed bytes are no
 * signature; nothing throws.
 */
export const verifySshSignature = (
  signature: Uint8Array,
  { blob, namespace, message }: { readonly blob: Uint8Array; readonly namespace: string; readonly message: Uint8Array },
): boolean => {
  try {
    const reader = new WireReader(signature);
    if (!reader.take(MAGIC.length).equals(MAGIC) || reader.uint32() !== 1) return false;
    const signer = reader.string();
    const inNamespace = reader.string();
    reader.string();
    const hash = reader.text();
    const inner = new WireReader(reader.string());
    reader.end();
    if (!signer.equals(blob) || inNamespace.toString() !== namespace) return false;
    if (hash !== 'sha256' && hash !== 'sha512') return false;
    const digest = createHash(hash).update(message).digest();
    const fields = [inNamespace, Buffer.alloc(0), Buffer.from(hash), digest];
    const data = Buffer.concat([MAGIC, ...fields.map(wireString)]);
    const isGood = parseKey(signer).check(data, inner.text(), inner);
    inner.end();
    return isGood;
  } catch {
    return false;
  }
};

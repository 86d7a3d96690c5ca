// Keys in OpenSSH's own formats: the public line (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4) and, for ed25519, which has no
// older form, the private file (OpenSSH, PROTOCOL.key).

import { createPublicKey, type KeyObject } from 'node:crypto';
import { pemText } from './pem.ts';
import { joinBytes, wipe } from './wipe.ts';

/** A length in four bytes, and the bytes. */
const sshString = (bytes: Uint8Array | string): Buffer => {
  const content = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return joinBytes(length, content);
};

/** A whole number: no leading zeros, but one if the first bit is set. */
const sshNumber = (base64url: string | undefined): Buffer => {
  const bytes = Buffer.from(base64url ?? '', 'base64url');
  return sshString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
};

const curves: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

/** The type and the bytes of a public key; `undefined` for kinds that OpenSSH does not use. */
export const publicBlob = (key: KeyObject): { readonly type: string; readonly blob: Buffer } | undefined => {
  const { kty, crv, n, e, x, y } = createPublicKey(key).export({ format: 'jwk' });
  if (kty === 'RSA')
    return { type: 'ssh-rsa', blob: Buffer.concat([sshString('ssh-rsa'), sshNumber(e), sshNumber(n)]) };
  if (kty === 'OKP' && crv === 'Ed25519') {
    const blob = Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.from(x ?? '', 'base64url'))]);
    return { type: 'ssh-ed25519', blob };
  }
  const curve = kty === 'EC' ? curves[crv ?? ''] : undefined;
  if (curve === undefined) return undefined;
  const type = `ecdsa-sha2-${curve}`;
  const [xBytes, yBytes] = [x, y].map((coordinate) => Buffer.from(coordinate ?? '', 'base64url'));
  const point = Buffer.concat([Buffer.of(4), xBytes ?? Buffer.alloc(0), yBytes ?? Buffer.alloc(0)]);
  return { type, blob: Buffer.concat([sshString(type), sshString(curve), sshString(point)]) };
};

/** The line of a public key, without a newline: type, base64, and the comment if there is one. */
export const publicLine = (type: string, blob: Buffer, comment = ''): string =>
  `${type} ${blob.toString('base64')}${comment === '' ? '' : ` ${comment}`}`;

const MAGIC = 'openssh-key-v1\0';
const BLOCK = 8;
const LINE = 70;

/** An ed25519 key as OpenSSH keeps it in a file, not encrypted; the caller wipes it. */
export const ed25519PrivateFile = (key: KeyObject, comment: string, random: (target: Uint8Array) => void): Buffer => {
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  // The seed is the last thing in it. RFC 8410, 7.
  const seed = pkcs8.subarray(-32);
  const { blob = Buffer.alloc(0) } = publicBlob(key) ?? {};
  const publicKey = blob.subarray(-32);
  const check = Buffer.alloc(4);
  random(check);
  const pair = joinBytes(seed, publicKey);
  const parts = [sshString('ssh-ed25519'), sshString(publicKey), sshString(pair), sshString(comment)];
  const open = joinBytes(check, check, ...parts);
  const padding = Buffer.from(Array.from({ length: (BLOCK - (open.length % BLOCK)) % BLOCK }, (_, index) => index + 1));
  const padded = joinBytes(open, padding);
  const secret = sshString(padded);
  const count = Buffer.of(0, 0, 0, 1);
  const file = joinBytes(
    Buffer.from(MAGIC),
    sshString('none'),
    sshString('none'),
    sshString(''),
    count,
    sshString(blob),
    secret,
  );
  const text = pemText('OPENSSH PRIVATE KEY', file, LINE);
  wipe(pkcs8, pair, ...parts, open, padded, secret, file);
  return text;
};

/** The public key in such a file, which is readable even if the private one is encrypted; `undefined` if it is none. */
export const publicBlobOfFile = (file: Buffer): { readonly type: string; readonly blob: Buffer } | undefined => {
  if (!file.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC))) return undefined;
  try {
    let at = MAGIC.length;
    const next = (): Buffer => {
      const start = at + 4;
      at = start + file.readUInt32BE(at);
      if (at > file.length) throw new RangeError('cut off');
      return file.subarray(start, at);
    };
    next();
    next();
    next();
    if (file.readUInt32BE(at) !== 1) return undefined;
    at += 4;
    const blob = Buffer.from(next());
    const type = blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
    return /^[a-z0-9@.-]+$/.test(type) ? { type, blob } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

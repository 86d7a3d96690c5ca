// A key pair of WireGuard, stored as the YAML document that Trocla writes. wg(8); Curve25519, RFC 7748, 5 (clamping).

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import { defineFormat } from '../define-format.ts';
import type { Derived } from '../password-format.ts';
import { refuse } from '../refuse.ts';
import { randomBytes } from '../salt.ts';
import { joinBytes, wipe } from '../wipe.ts';
import { lineBehind, wireguardDocument } from '../wireguard-document.ts';

const KEY_BYTES = 32;
/** What stands before the 32 bytes of an X25519 key in PKCS #8. RFC 8410. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');
const NEWLINE = 0x0a;

const isKey = (text: Uint8Array): boolean => {
  const bytes = decodeBase64(text);
  if (bytes) wipe(bytes);
  return bytes?.length === KEY_BYTES;
};

/** The key behind `name` at the beginning of a line; shares the memory of `text`. */
const fieldOf = (text: Uint8Array, name: string): Uint8Array | undefined => {
  const value = lineBehind(text, name);
  return value !== undefined && isKey(value) ? value : undefined;
};

interface Pair {
  /** Base64; shares the memory of what was read. */
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

const read = (stored: Uint8Array): Pair | undefined => {
  const privateKey = fieldOf(stored, 'wg_priv: ');
  const publicKey = fieldOf(stored, 'wg_pub: ');
  return privateKey && publicKey && { privateKey, publicKey };
};

/** The document for a private key of 32 bytes, which the caller wipes. */
const pairOf = (secret: Uint8Array): Derived => {
  const pkcs8 = joinBytes(PKCS8_HEAD, secret);
  const jwk = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' });
  const publicKey = Buffer.from(jwk.x ?? '', 'base64url').toString('base64');
  const privateKey = encodeBase64(secret);
  const value = wireguardDocument(privateKey, Buffer.from(publicKey));
  wipe(pkcs8, privateKey);
  return { kind: 'derived', value };
};

/** WireGuard. */
export const wireguard = defineFormat({
  name: 'wireguard',
  summary: 'A key pair of WireGuard.',
  kind: 'generated',
  isRecoverable: true,
  options: z.object({}),
  renderings: [
    { name: 'privonly', isPublic: false },
    { name: 'pubonly', isPublic: true },
  ],
  async derive({ random }) {
    const secret = randomBytes(KEY_BYTES, random);
    secret[0] = (secret[0] ?? 0) & 248;
    secret[31] = ((secret[31] ?? 0) & 127) | 64;
    const pair = pairOf(secret);
    wipe(secret);
    return pair;
  },
  import: {
    options: z.object({}),
    /** A private key in base64, or the document, or what is shown of one; the public key is computed anew. */
    async take({ material }) {
      const end = material.indexOf(NEWLINE);
      const firstLine = material.subarray(0, end < 0 ? material.length : end);
      const given = fieldOf(material, 'wg_priv: ') ?? fieldOf(material, 'priv: ') ?? firstLine;
      const secret = isKey(given) ? decodeBase64(given) : undefined;
      if (secret === undefined) return refuse('not-this-format', 'This is no private key of WireGuard.');
      const pair = pairOf(secret);
      wipe(secret);
      return pair;
    },
  },
  recognizes: (stored) => read(stored) !== undefined,
  render(stored, flag) {
    const pair = read(stored);
    if (!pair) return refuse('not-this-format', 'The stored value is no key pair of WireGuard.');
    if (flag === 'privonly') return { kind: 'rendered', text: joinBytes(pair.privateKey) };
    if (flag === 'pubonly') return { kind: 'rendered', text: joinBytes(pair.publicKey) };
    const text = joinBytes(Buffer.from('pub: '), pair.publicKey, Buffer.from('\npriv: '), pair.privateKey);
    return { kind: 'rendered', text };
  },
});

// The token: one share of the shell key, in an environment variable. It holds the shell key encrypted under the token key.
// AES-256-GCM; the form is docs/formats/shell-session.md. What is not exactly in that form is not a token.

import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { type FillRandom, SecretBytes } from '@chatelaine/secret';
import { base32 } from './base32.ts';

/** How the token key is derived: with the runtime secret, or without one where nothing can be kept in memory. */
export type TokenKind = 1 | 2;

/** A token in its parts. */
export interface Token {
  readonly kind: TokenKind;
  /** 78 bytes. */
  readonly bytes: Buffer;
  readonly salt: Buffer;
}

const PREFIX = 'sk2_';
const VERSION = 2;
const SIZE_BYTES = 78;
/** Of the text. */
const TOKEN_CHARACTERS = 108;
export const SHELL_KEY_BYTES = 32;
const SALT_AT = 2;
const NONCE_AT = 18;
const CIPHERTEXT_AT = 30;
const TAG_AT = 62;
const SESSION_ID_BYTES = 15;

const associated = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from(PREFIX), bytes.subarray(0, NONCE_AT)]);

const partsOf = (bytes: Buffer, kind: TokenKind): Token => ({ kind, bytes, salt: bytes.subarray(SALT_AT, NONCE_AT) });

/** Reads a token; undefined if it is none. */
export const parseToken = (text: string): Token | undefined => {
  if (text.length !== TOKEN_CHARACTERS || !/^sk2_[A-Za-z0-9_-]{104}$/.test(text)) return undefined;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  const kind = bytes[1];
  if (bytes.length !== SIZE_BYTES || bytes[0] !== VERSION || (kind !== 1 && kind !== 2)) return undefined;
  return partsOf(bytes, kind);
};

/** The token as text. */
export const formatToken = ({ bytes }: Token): string => PREFIX + bytes.toString('base64url');

/** Names the session's directory; says nothing about the token. */
export const sessionIdOf = ({ bytes }: Token): string => {
  const hash = createHash('sha256').update('sk2-id').update(bytes).digest();
  return base32(hash.subarray(0, SESSION_ID_BYTES));
};

/** Begins a token: everything but the shell key is there. */
export const beginToken = (kind: TokenKind, fill: FillRandom): Token => {
  const bytes = Buffer.alloc(SIZE_BYTES);
  bytes[0] = VERSION;
  bytes[1] = kind;
  fill(bytes.subarray(SALT_AT, CIPHERTEXT_AT));
  return partsOf(bytes, kind);
};

/** Puts the shell key into a token that was begun. */
export const finishToken = ({ bytes }: Token, tokenKey: SecretBytes, shellKey: SecretBytes): void => {
  const cipher = createCipheriv('aes-256-gcm', tokenKey.bytes, bytes.subarray(NONCE_AT, CIPHERTEXT_AT));
  cipher.setAAD(associated(bytes));
  bytes.set(cipher.update(shellKey.bytes), CIPHERTEXT_AT);
  cipher.final();
  bytes.set(cipher.getAuthTag(), TAG_AT);
};

/** The shell key, which the caller releases; undefined if the token key is another one, or any byte was changed. */
export const openToken = ({ bytes }: Token, tokenKey: SecretBytes): SecretBytes | undefined => {
  const nonce = bytes.subarray(NONCE_AT, CIPHERTEXT_AT);
  const decipher = createDecipheriv('aes-256-gcm', tokenKey.bytes, nonce, { authTagLength: SIZE_BYTES - TAG_AT });
  decipher.setAAD(associated(bytes)).setAuthTag(bytes.subarray(TAG_AT));
  const plain = decipher.update(bytes.subarray(CIPHERTEXT_AT, TAG_AT));
  try {
    decipher.final();
    return SecretBytes.copyOf(plain);
  } catch {
    return undefined;
  } finally {
    plain.fill(0);
  }
};

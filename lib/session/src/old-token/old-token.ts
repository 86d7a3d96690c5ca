// The old token of 152 characters, read and never written; docs/formats/shell-session.md says how. Neither its binding nor its
// encryption is authenticated: what comes out is a shell key only if it opens something that is known.

import { createDecipheriv, createHash } from 'node:crypto';
import type { SecretBytes } from '@chatelaine/secret';
import { type Refused, refuse } from '../refusal.ts';
import { bcryptDigest } from './bcrypt-digest.ts';
import { type OldGeneration, type OldSurroundings, oldIdentities, readOldSurroundings } from './old-identities.ts';
import { decodeSecretYacht64, decodeYacht64, encodeYacht64, isYacht64 } from './yacht64.ts';

const CHARACTERS = 152;
const SALT_AT = 128;
const COST_AT = 150;
const IV_BYTES = 16;
const SHELL_KEY_CHARACTERS = 64;
const IDENTITY_CHARACTERS = 55;
const DIGEST_CHARACTERS = 30;
const LOWEST_COST = 10;
const HIGHEST_COST = 16;
const MAX_TRIES = 16;
const DEFAULT_PATIENCE_MS = 15_000;

interface OldToken {
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly salt: string;
  readonly cost: number;
}

const reversed = (text: string): string => [...text].reverse().join('');

const parseOldToken = (text: string): OldToken | undefined => {
  if (text.length !== CHARACTERS || !/^[./A-Za-z0-9]{22}\d\d$/.test(text.slice(SALT_AT))) return undefined;
  const sealed = Buffer.from(text.slice(0, SALT_AT), 'latin1');
  const cost = Number(reversed(text.slice(COST_AT)));
  if (!isYacht64(sealed) || cost < LOWEST_COST || cost > HIGHEST_COST) return undefined;
  const bytes = decodeYacht64(sealed);
  const salt = reversed(text.slice(SALT_AT, COST_AT));
  return { iv: bytes.subarray(0, IV_BYTES), ciphertext: bytes.subarray(IV_BYTES), salt, cost };
};

/** Whether that text has the form of an old token with a cost that can be paid: 10 to 16. */
export const isOldToken = (text: string): boolean => parseOldToken(text) !== undefined;

/** The AES key that an identity gives; undefined if libcrypt refuses the salt. */
export const deriveOldKey = async (identity: string, salt: string, cost: number): Promise<Buffer | undefined> => {
  const phrase = Buffer.from(identity.replace(/[^A-Za-z0-9]/g, '').slice(0, IDENTITY_CHARACTERS), 'latin1');
  const digest = await bcryptDigest(phrase, salt, cost);
  if (digest === undefined) return undefined;
  const text = Buffer.from(
    digest.toString('latin1', 0, DIGEST_CHARACTERS).replaceAll('.', '@').replaceAll('/', '%'),
    'latin1',
  );
  return createHash('sha256').update(decodeYacht64(text)).digest();
};

const decrypt = ({ iv, ciphertext }: OldToken, key: Buffer): SecretBytes | undefined => {
  const decipher = createDecipheriv('aes-256-cbc', key, iv);
  const parts: Buffer[] = [];
  const plain = Buffer.alloc(SHELL_KEY_CHARACTERS);
  try {
    parts.push(decipher.update(ciphertext));
    parts.push(decipher.final());
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (size !== SHELL_KEY_CHARACTERS) return undefined;
    let at = 0;
    for (const part of parts) at += part.copy(plain, at);
    return isYacht64(plain) ? decodeSecretYacht64(plain) : undefined;
  } catch {
    // The padding is wrong, and so is the key.
    return undefined;
  } finally {
    for (const bytes of [plain, ...parts]) bytes.fill(0);
  }
};

/** An old token that opened here. */
export interface OldTokenOpened {
  readonly kind: 'opened';
  readonly generation: OldGeneration;
  /** 48 bytes. The caller releases them. */
  readonly shellKey: SecretBytes;
}

export interface OldTokenOptions {
  /**
   * Whether a shell key opens what this person is known to have, such as a wrapped content key. Without that, a token that was
   * tampered with may give a wrong key. It must not keep the key.
   */
  readonly isKnown: (shellKey: SecretBytes) => boolean;
  readonly surroundings?: OldSurroundings;
  /** Milliseconds after which no further identity is tried; a single try costs up to some seconds. */
  readonly patienceMs?: number;
}

/**
 * Opens an old token, if it was made where this process runs, by any of the three rules. At most 16 are tried.
 *
 * @returns the shell key, or `malformed-token` or `another-shell`
 * @throws {LibcryptMissingError} where there is no libcrypt
 */
export const openOldToken = async (text: string, options: OldTokenOptions): Promise<OldTokenOpened | Refused> => {
  const token = parseOldToken(text);
  if (token === undefined) return refuse('malformed-token');
  const here = options.surroundings ?? (await readOldSurroundings());
  const until = performance.now() + (options.patienceMs ?? DEFAULT_PATIENCE_MS);
  for (const { generation, identity } of oldIdentities(here).slice(0, MAX_TRIES)) {
    if (performance.now() > until) break;
    const key = await deriveOldKey(identity, token.salt, token.cost);
    const shellKey = key === undefined ? undefined : decrypt(token, key);
    key?.fill(0);
    if (shellKey === undefined) continue;
    if (options.isKnown(shellKey)) return { kind: 'opened', generation, shellKey };
    shellKey.release();
  }
  return refuse('another-shell');
};

/** The name that the old commands gave to the state of a token's session, such as `rgck-qabu-mxib`. */
export const oldSessionIdOf = (text: string): string => {
  const letters = Buffer.from(text.replace(/[^A-Za-z0-9]/g, ''), 'latin1');
  const hash = createHash('sha384').update(decodeYacht64(letters)).digest();
  const name = encodeYacht64(hash).replace(/[^A-Za-z0-9]/g, '');
  const step = Math.floor(name.length / 12);
  const taken = Array.from({ length: 12 }, (_, at) => name[(at + 1) * step - 1]).join('');
  return taken.toLowerCase().replace(/(.{4})(.{4})(.{4})/, '$1-$2-$3');
};

// `{PBKDF2-SHA512}rounds$salt$hash`: OpenLDAP's pw-pbkdf2. Base64 without padding, with `.` for `+`. slapd-pw-pbkdf2(5).

import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { wholeNumber } from '../option-types.ts';
import { pbkdf2 as computePbkdf2, MAX_PBKDF2_ROUNDS, type Pbkdf2 } from '../pbkdf2.ts';
import { refuse } from '../refuse.ts';
import { randomBytes } from '../salt.ts';

type Digest = Pbkdf2['digest'];

const SALT_BYTES = 16;
const digestBytes: Record<Digest, number> = { sha1: 20, sha256: 32, sha512: 64 };
/** About a quarter of a second each. */
const defaultRounds: Record<Digest, number> = { sha1: 1_300_000, sha256: 600_000, sha512: 210_000 };

const form = /^\{PBKDF2(-SHA1|-SHA256|-SHA512)?\}([1-9]\d{0,8})\$([./0-9A-Za-z]+)\$([./0-9A-Za-z]+)$/;

const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('+', '.').replaceAll('=', '');
const decode = (encoded: string): Buffer => Buffer.from(encoded.replaceAll('.', '+'), 'base64');

interface Stored {
  readonly parameters: Pbkdf2;
  readonly hash: Buffer;
}

const read = (stored: Uint8Array): Stored | undefined => {
  const match = form.exec(Buffer.from(stored).toString('latin1'));
  if (!match) return undefined;
  const digest = (match[1] ?? '-SHA1').slice(1).toLowerCase() as Digest;
  const rounds = Number(match[2]);
  const hash = decode(match[4] ?? '');
  if (rounds > MAX_PBKDF2_ROUNDS || hash.length !== digestBytes[digest]) return undefined;
  return { parameters: { digest, rounds, salt: decode(match[3] ?? ''), length: hash.length }, hash };
};

/** OpenLDAP's PBKDF2. */
export const pbkdf2 = defineFormat({
  name: 'pbkdf2',
  summary: '{PBKDF2-SHA512} and its kind: OpenLDAP. Options: digest (sha1, sha256, default sha512), rounds.',
  isSlow: true,
  options: z.object({
    digest: z.enum(['sha1', 'sha256', 'sha512'], 'must be sha1, sha256 or sha512').default('sha512'),
    rounds: wholeNumber(1_000, MAX_PBKDF2_ROUNDS).optional(),
  }),
  async derive({ plain, options: { digest, rounds = defaultRounds[digest] }, random }) {
    const salt = randomBytes(SALT_BYTES, random);
    const hash = await computePbkdf2(plain, { digest, rounds, salt, length: digestBytes[digest] });
    if ('kind' in hash) return hash;
    // Every reader knows SHA-1 under the short name, not all under the long one.
    const scheme = digest === 'sha1' ? 'PBKDF2' : `PBKDF2-${digest.toUpperCase()}`;
    return { kind: 'derived', value: Buffer.from(`{${scheme}}${rounds}$${encode(salt)}$${encode(hash)}`, 'latin1') };
  },
  async verify(plain, stored) {
    const kept = read(stored);
    if (!kept) return refuse('not-this-format', 'This is no pbkdf2 hash of a directory.');
    const hash = await computePbkdf2(plain, kept.parameters);
    if ('kind' in hash) return hash;
    return { kind: areEqualBytes(hash, kept.hash) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => read(stored) !== undefined,
  needsRehash(stored, { digest, rounds = defaultRounds[digest] }) {
    const kept = read(stored)?.parameters;
    return kept?.digest !== digest || kept.rounds < rounds;
  },
});

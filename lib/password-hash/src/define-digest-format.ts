// `{SCHEME}` and the base64 of a digest, with a salt behind it or none: RFC 2307 and what OpenLDAP and Dovecot made of it.
// All are fast to guess; they are here for what reads nothing better.

import { z } from 'zod';
import { defineFormat } from './define-format.ts';
import { digestOf } from './digest.ts';
import { areEqualBytes } from './equal-bytes.ts';
import { text } from './option-types.ts';
import type { PasswordFormat } from './password-format.ts';
import { refuse } from './refuse.ts';
import { alphanumericSalt } from './salt.ts';

/** How a scheme digests. */
interface DigestScheme {
  /** As it stands in braces. */
  readonly scheme: string;
  /** For node:crypto. */
  readonly hash: string;
  readonly digestBytes: number;
  readonly isSalted: boolean;
}

const SALT_BYTES = 16;

/** The stored text of a digest, without a final newline. */
const digestText = ({ scheme, hash }: DigestScheme, plain: Uint8Array, salt: Uint8Array): string => {
  const digest = digestOf(hash, plain, salt);
  const base64 = Buffer.concat([digest, salt]).toString('base64');
  // Only the oldest salted scheme has its lines broken, and that shows with salts beyond 25 bytes alone.
  return `{${scheme}}${scheme === 'SSHA' ? base64.replaceAll(/.{60}(?=.)/g, '$&\n') : base64}`;
};

interface ReadDigest {
  readonly digest: Buffer;
  readonly salt: Buffer;
}

/** Reads a stored text; `undefined` if it is not of this scheme. Newlines in and after the base64 do not matter. */
const readDigest = (scheme: DigestScheme, stored: Uint8Array): ReadDigest | undefined => {
  const whole = Buffer.from(stored).toString('latin1');
  const start = `{${scheme.scheme}}`;
  if (whole.slice(0, start.length).toUpperCase() !== start) return undefined;
  const base64 = whole.slice(start.length).replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) return undefined;
  if (scheme.isSalted ? bytes.length < scheme.digestBytes : bytes.length !== scheme.digestBytes) return undefined;
  return { digest: bytes.subarray(0, scheme.digestBytes), salt: bytes.subarray(scheme.digestBytes) };
};

/** Whether `plain` gives the digest that was read. */
const matchesDigest = ({ hash }: DigestScheme, plain: Uint8Array, { digest, salt }: ReadDigest): boolean =>
  areEqualBytes(digestOf(hash, plain, salt), digest);

/** What a format adds to its scheme. */
interface DigestDeclaration extends DigestScheme {
  readonly name: string;
  readonly summary: string;
  /** Whether the stored text ends in a newline. */
  readonly hasNewline?: boolean;
}

/** Makes a format of a scheme: salted with 16 letters and digits or with the option `salt`, or not at all. */
export const defineDigestFormat = (declaration: DigestDeclaration): PasswordFormat =>
  defineFormat({
    name: declaration.name,
    summary: declaration.summary,
    options: z.object({ salt: text.optional() }),
    async derive({ plain, options, random }) {
      const given = options.salt === undefined ? alphanumericSalt(SALT_BYTES, random) : Buffer.from(options.salt);
      const salt = declaration.isSalted ? given : new Uint8Array(0);
      const stored = digestText(declaration, plain, salt) + (declaration.hasNewline ? '\n' : '');
      return { kind: 'derived', value: Buffer.from(stored, 'latin1') };
    },
    async verify(plain, stored) {
      const read = readDigest(declaration, stored);
      if (!read) return refuse('not-this-format', `This is no ${declaration.name} hash.`);
      return { kind: matchesDigest(declaration, plain, read) ? 'match' : 'mismatch' };
    },
    recognizes: (stored) => readDigest(declaration, stored) !== undefined,
  });

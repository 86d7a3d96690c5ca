// `$A$005$`, 20 characters of salt and a SHA-crypt: caching_sha2_password, the default of MySQL since version 8. MySQL manual,
// "Caching SHA-2 Pluggable Authentication"; the three digits are the rounds in thousands, in hexadecimal.

import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { wholeNumber } from '../option-types.ts';
import { refuse } from '../refuse.ts';
import { alphanumericSalt } from '../salt.ts';
import { sha256Crypt } from '../sha256-crypt.ts';
import { runSlowly } from '../slow-queue.ts';

const SALT_BYTES = 20;
/** MySQL refuses longer ones. */
const MAX_PASSWORD_BYTES = 256;

const form = /^\$A\$([0-9A-F]{3})\$([^\0]{20})([./0-9A-Za-z]{43})$/s;

const read = (stored: Uint8Array): { rounds: number; salt: Buffer; digest: Buffer } | undefined => {
  const [, thousands = '', salt = '', digest = ''] = form.exec(Buffer.from(stored).toString('latin1')) ?? [];
  const rounds = Number.parseInt(thousands, 16) * 1_000;
  if (!(rounds > 0)) return undefined;
  return { rounds, salt: Buffer.from(salt, 'latin1'), digest: Buffer.from(digest, 'latin1') };
};

/** caching_sha2_password. */
export const mysqlsha2 = defineFormat({
  name: 'mysqlsha2',
  summary: 'caching_sha2_password: MySQL 8 and newer. Option: rounds, in thousands (5 to 4095, default 5).',
  isSlow: true,
  options: z.object({ rounds: wholeNumber(5, 4_095).default(5) }),
  async derive({ plain, options, random }) {
    if (plain.length > MAX_PASSWORD_BYTES) {
      return refuse('unsupported-password', `MySQL takes passwords of at most ${MAX_PASSWORD_BYTES} bytes.`);
    }
    const salt = alphanumericSalt(SALT_BYTES, random);
    const digest = await runSlowly(() => sha256Crypt(plain, salt, options.rounds * 1_000));
    if (typeof digest === 'object') return digest;
    const thousands = options.rounds.toString(16).toUpperCase().padStart(3, '0');
    return { kind: 'derived', value: Buffer.from(`$A$${thousands}$${salt.toString('latin1')}${digest}`, 'latin1') };
  },
  async verify(plain, stored) {
    const hash = read(stored);
    if (!hash) return refuse('not-this-format', 'This is no mysqlsha2 hash.');
    if (plain.length > MAX_PASSWORD_BYTES) return { kind: 'mismatch' };
    const digest = await runSlowly(() => sha256Crypt(plain, hash.salt, hash.rounds));
    if (typeof digest === 'object') return digest;
    return { kind: areEqualBytes(Buffer.from(digest, 'latin1'), hash.digest) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => read(stored) !== undefined,
  needsRehash: (stored, { rounds }) => (read(stored)?.rounds ?? 0) < rounds * 1_000,
});

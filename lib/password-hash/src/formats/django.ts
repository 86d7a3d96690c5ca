// `pbkdf2_sha256$rounds$salt$hash`: Django's default, which other Python web applications took over. Django, "Password
// management".

import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { wholeNumber } from '../option-types.ts';
import { MAX_PBKDF2_ROUNDS, pbkdf2 } from '../pbkdf2.ts';
import { refuse } from '../refuse.ts';
import { alphanumericSalt } from '../salt.ts';

const SALT_BYTES = 22;
const DIGEST_BYTES = 32;

const form = /^pbkdf2_sha256\$([1-9]\d{0,8})\$([^$]+)\$([+/0-9A-Za-z]{43}=)$/;

const read = (stored: Uint8Array): { rounds: number; salt: Buffer; hash: Buffer } | undefined => {
  const [, rounds, salt = '', hash = ''] = form.exec(Buffer.from(stored).toString()) ?? [];
  if (rounds === undefined || Number(rounds) > MAX_PBKDF2_ROUNDS) return undefined;
  return { rounds: Number(rounds), salt: Buffer.from(salt), hash: Buffer.from(hash, 'base64') };
};

/** Django's PBKDF2. */
export const django = defineFormat({
  name: 'django',
  summary: 'pbkdf2_sha256$…: Django and its relatives. Option: rounds (default 600000).',
  isSlow: true,
  options: z.object({ rounds: wholeNumber(1_000, MAX_PBKDF2_ROUNDS).default(600_000) }),
  async derive({ plain, options: { rounds }, random }) {
    const salt = alphanumericSalt(SALT_BYTES, random);
    const hash = await pbkdf2(plain, { digest: 'sha256', rounds, salt, length: DIGEST_BYTES });
    if ('kind' in hash) return hash;
    const value = `pbkdf2_sha256$${rounds}$${salt.toString('latin1')}$${hash.toString('base64')}`;
    return { kind: 'derived', value: Buffer.from(value, 'latin1') };
  },
  async verify(plain, stored) {
    const kept = read(stored);
    if (!kept) return refuse('not-this-format', 'This is no pbkdf2 hash of Django.');
    const hash = await pbkdf2(plain, { digest: 'sha256', ...kept, length: DIGEST_BYTES });
    if ('kind' in hash) return hash;
    return { kind: areEqualBytes(hash, kept.hash) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => read(stored) !== undefined,
  needsRehash: (stored, { rounds }) => (read(stored)?.rounds ?? 0) < rounds,
});

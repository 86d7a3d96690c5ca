// `$apr1$`: Apache's md5crypt. Apache httpd, "Password Formats".

import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { md5Crypt } from '../md5-crypt.ts';
import { refuse } from '../refuse.ts';
import { alphanumericSalt } from '../salt.ts';
import { runSlowly } from '../slow-queue.ts';

const MAGIC = '$apr1$';
const SALT_BYTES = 8;
/** More than any program that reads it takes. */
const MAX_PASSWORD_BYTES = 4_096;

const form = /^\$apr1\$([^$:\n]{0,8})\$[./0-9A-Za-z]{22}$/;

/** Apache's MD5. */
export const apr1 = defineFormat({
  name: 'apr1',
  summary: "Apache's MD5, $apr1$: password files that must not need bcrypt.",
  isSlow: true,
  options: z.object({}),
  async derive({ plain, random }) {
    if (plain.includes(0)) return refuse('unsupported-password', 'The password contains a NUL byte.');
    if (plain.length > MAX_PASSWORD_BYTES) return refuse('unsupported-password', 'The password is too long.');
    const salt = alphanumericSalt(SALT_BYTES, random).toString('latin1');
    const hashed = await runSlowly(() => md5Crypt(plain, MAGIC, salt));
    return typeof hashed === 'object' ? hashed : { kind: 'derived', value: Buffer.from(hashed, 'latin1') };
  },
  async verify(plain, stored) {
    const match = form.exec(Buffer.from(stored).toString('latin1'));
    if (!match) return refuse('not-this-format', 'This is no apr1 hash.');
    if (plain.includes(0) || plain.length > MAX_PASSWORD_BYTES) return { kind: 'mismatch' };
    const hashed = await runSlowly(() => md5Crypt(plain, MAGIC, match[1] ?? ''));
    if (typeof hashed === 'object') return hashed;
    return { kind: areEqualBytes(Buffer.from(hashed, 'latin1'), stored) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => form.test(Buffer.from(stored).toString('latin1')),
});

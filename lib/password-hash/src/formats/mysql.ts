// `*` and SHA-1 twice, as mysql_native_password has it: MySQL before 8 and MariaDB. MySQL manual, "Native Pluggable
// Authentication"; MariaDB, "PASSWORD".

import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { digestOf } from '../digest.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { refuse } from '../refuse.ts';
import { wipe } from '../wipe.ts';

const form = /^\*[0-9A-F]{40}$/i;

const digestTwice = (plain: Uint8Array): Buffer => {
  const once = digestOf('sha1', plain);
  const twice = digestOf('sha1', once);
  // The first digest is what a client proves knowledge of: as good as the password.
  wipe(once);
  return twice;
};

/** mysql_native_password. */
export const mysql = defineFormat({
  name: 'mysql',
  summary: 'mysql_native_password: MariaDB, and MySQL before version 8.',
  options: z.object({}),
  derive: async ({ plain }) => ({
    kind: 'derived',
    value: Buffer.from(`*${digestTwice(plain).toString('hex').toUpperCase()}`, 'latin1'),
  }),
  async verify(plain, stored) {
    const whole = Buffer.from(stored).toString('latin1');
    if (!form.test(whole)) return refuse('not-this-format', 'This is no mysql hash.');
    return { kind: areEqualBytes(digestTwice(plain), Buffer.from(whole.slice(1), 'hex')) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => form.test(Buffer.from(stored).toString('latin1')),
});

// The NT hash: MD4 of the password in UTF-16, in hexadecimal, as Samba keeps it. [MS-NLMP] 3.3.1, NTOWFv1.
// It is as good as the password: who has it logs in.

import { isUtf8, transcode } from 'node:buffer';
import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { md4 } from '../md4.ts';
import type { FormatRefused } from '../password-format.ts';
import { refuse } from '../refuse.ts';
import { LibraryMissingError } from '../shared-library.ts';
import { wipe } from '../wipe.ts';

const form = /^[0-9A-F]{32}$/i;

const hashWide = (plain: Uint8Array): Buffer | FormatRefused => {
  const wide = plain.length === 0 ? Buffer.alloc(0) : transcode(plain, 'utf8', 'utf16le');
  try {
    return md4(wide);
  } catch (error) {
    if (error instanceof LibraryMissingError) return refuse('unavailable', error.message);
    throw error;
  } finally {
    wipe(wide);
  }
};

/** The NT hash. */
export const nthash = defineFormat({
  name: 'nthash',
  summary: 'The NT hash, in hexadecimal: Samba, Windows and MS-CHAP. Whoever has it can log in with it.',
  options: z.object({}),
  async derive({ plain }) {
    if (!isUtf8(plain)) return refuse('unsupported-password', 'The password is not valid UTF-8.');
    const hash = hashWide(plain);
    if ('kind' in hash) return hash;
    return { kind: 'derived', value: Buffer.from(hash.toString('hex').toUpperCase(), 'latin1') };
  },
  async verify(plain, stored) {
    const whole = Buffer.from(stored).toString('latin1');
    if (!form.test(whole)) return refuse('not-this-format', 'This is no NT hash.');
    if (!isUtf8(plain)) return { kind: 'mismatch' };
    const hash = hashWide(plain);
    if ('kind' in hash) return hash;
    return { kind: areEqualBytes(hash, Buffer.from(whole, 'hex')) ? 'match' : 'mismatch' };
  },
  recognizes: (stored) => form.test(Buffer.from(stored).toString('latin1')),
});

// `$7$`: scrypt (RFC 7914) as crypt(3) writes it. crypt(5).

import { z } from 'zod';
import { defineCryptFormat } from '../define-crypt-format.ts';
import { wholeNumber } from '../option-types.ts';

/** 1 GiB. */
const MAX_COST = 11;

const digits = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** scrypt in the form of crypt(3). */
export const scrypt = defineCryptFormat({
  name: 'scrypt',
  summary: 'scrypt as crypt(3) writes it, $7$. Option: cost (6 to 11, default 7: 16 MiB).',
  options: z.object({ cost: wholeNumber(6, MAX_COST).default(7) }),
  prefix: () => '$7$',
  saltBytes: 16,
  count: ({ cost }) => cost,
  // Blocks of less than 64, one lane: what crypt_gensalt(3) makes, and less.
  form: /^\$7\$[./A-Za-z0-9]{2}\.{4}\/\.{4}[./A-Za-z0-9]{0,86}\$[./A-Za-z0-9]{43}$/,
  // The first character is the logarithm of N; crypt_gensalt(3) counts from 7 below.
  cost: {
    ofStored: (stored) => digits.indexOf(stored.charAt(3)) - 7,
    ofOptions: ({ cost }) => cost,
    most: MAX_COST,
  },
});

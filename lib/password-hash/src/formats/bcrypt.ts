// `$2a$`, `$2b$`, `$2y$`: Blowfish. Only 72 bytes of a password count; more are refused instead of silently ignored. crypt(5).

import { z } from 'zod';
import { MAX_CRYPT_PASSWORD_BYTES } from '../crypt.ts';
import { defineCryptFormat } from '../define-crypt-format.ts';
import { flag, wholeNumber } from '../option-types.ts';

const MAX_PASSWORD_BYTES = 72;
const MIN_COST = 4;
/** About a minute; the format goes on to 31, which is a day. */
const MAX_COST = 20;

/** bcrypt. The variants differ in name alone for every password in UTF-8. */
export const bcrypt = defineCryptFormat({
  name: 'bcrypt',
  summary: 'bcrypt: web applications. Options: cost (4 to 20, default 12), variant (a, b or y), truncate.',
  options: z.object({
    // Below the least that there is, the least is taken.
    cost: wholeNumber(-1_000_000, MAX_COST)
      .default(12)
      .transform((cost) => Math.max(cost, MIN_COST)),
    variant: z.enum(['a', 'b', 'y'], 'must be a, b or y').default('a'),
    /** Hash the first 72 bytes of a longer password, as most programs do. */
    truncate: flag.default(false),
  }),
  prefix: ({ variant }) => `$2${variant}$`,
  saltBytes: 16,
  count: ({ cost }) => cost,
  maxPasswordBytes: ({ truncate }) => (truncate ? MAX_CRYPT_PASSWORD_BYTES : MAX_PASSWORD_BYTES),
  form: /^\$2[abxy]\$[0-3]\d\$[./0-9A-Za-z]{53}$/,
  cost: {
    ofStored: (stored) => Number(stored.slice(4, 6)),
    ofOptions: ({ cost }) => cost,
    most: MAX_COST,
  },
});

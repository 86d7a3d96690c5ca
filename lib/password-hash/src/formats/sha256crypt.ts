// `$5$`: rounds of SHA-256, 5000 unless the hash says otherwise. crypt(5); Drepper, "Unix crypt using SHA-256 and SHA-512".

import { z } from 'zod';
import { defineCryptFormat } from '../define-crypt-format.ts';
import { wholeNumber } from '../option-types.ts';

const DEFAULT_ROUNDS = 5_000;
/** Seconds of work. */
const MAX_ROUNDS = 10_000_000;

/** crypt(3) with SHA-256. */
export const sha256crypt = defineCryptFormat({
  name: 'sha256crypt',
  summary: 'crypt(3) with SHA-256, $5$: /etc/shadow and most mail servers. Option: rounds.',
  options: z.object({ rounds: wholeNumber(1_000, MAX_ROUNDS).default(DEFAULT_ROUNDS) }),
  prefix: () => '$5$',
  saltBytes: 16,
  // Where the number is the default it is not written into the hash.
  count: ({ rounds }) => (rounds === DEFAULT_ROUNDS ? 0 : rounds),
  form: /^\$5\$(?:rounds=[1-9]\d{3,8}\$)?[^$:\n]{0,16}\$[./0-9A-Za-z]{43}$/,
  cost: {
    ofStored: (stored) => Number(/^\$5\$rounds=(\d+)/.exec(stored)?.[1] ?? DEFAULT_ROUNDS),
    ofOptions: ({ rounds }) => rounds,
    most: MAX_ROUNDS,
  },
});

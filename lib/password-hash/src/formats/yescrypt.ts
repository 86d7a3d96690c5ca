// `$y$`: the default of Debian's /etc/shadow since 11. crypt(5).

import { z } from 'zod';
import { defineCryptFormat } from '../define-crypt-format.ts';
import { wholeNumber } from '../option-types.ts';

/** crypt(5) writes N as one character, `j9T` for the default cost 5: the second one counts it. */
const parameters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 1 GiB. */
export const MAX_COST = 11;

/** How much work a yescrypt parameter string asks for, as the logarithm of its memory. */
export const yescryptCost = (stored: string): number => {
  const [, , encoded = ''] = stored.split('$');
  return parameters.indexOf(encoded.charAt(1)) + parameters.indexOf(encoded.charAt(2));
};

/** crypt_gensalt(3)'s costs 1 to 11 in the measure of {@link yescryptCost}. */
export const yescryptCostOf = (cost: number): number => {
  // 1 and 2 are block sizes of 8 (kiB): N = 2^(cost + 9); 3 to 11 of 32: N = 2^(cost + 7). The encoding is one less.
  const isSmall = cost <= 2;
  return (isSmall ? cost + 8 : cost + 6) + (isSmall ? 7 : 31);
};

/** yescrypt. */
export const yescrypt = defineCryptFormat({
  name: 'yescrypt',
  summary: 'yescrypt, $y$: /etc/shadow of Debian 11 and newer. Option: cost (1 to 11, default 5).',
  options: z.object({ cost: wholeNumber(1, MAX_COST).default(5) }),
  prefix: () => '$y$',
  saltBytes: 16,
  count: ({ cost }) => cost,
  form: /^\$y\$[./A-Za-z0-9]{3}\$[./A-Za-z0-9]{0,86}\$[./A-Za-z0-9]{43}$/,
  cost: {
    ofStored: yescryptCost,
    ofOptions: ({ cost }) => yescryptCostOf(cost),
    most: yescryptCostOf(MAX_COST),
  },
});

// `$gy$`: yescrypt whose result passes through GOST R 34.11-2012, for where that is prescribed. crypt(5).

import { z } from 'zod';
import { defineCryptFormat } from '../define-crypt-format.ts';
import { wholeNumber } from '../option-types.ts';
import { MAX_COST, yescryptCost, yescryptCostOf } from './yescrypt.ts';

/** gost-yescrypt. */
export const gostyescrypt = defineCryptFormat({
  name: 'gostyescrypt',
  summary: 'gost-yescrypt, $gy$: where GOST R 34.11-2012 is prescribed. Option: cost (1 to 11, default 5).',
  options: z.object({ cost: wholeNumber(1, MAX_COST).default(5) }),
  prefix: () => '$gy$',
  saltBytes: 16,
  count: ({ cost }) => cost,
  form: /^\$gy\$[./A-Za-z0-9]{3}\$[./A-Za-z0-9]{0,86}\$[./A-Za-z0-9]{43}$/,
  cost: {
    ofStored: yescryptCost,
    ofOptions: ({ cost }) => yescryptCostOf(cost),
    most: yescryptCostOf(MAX_COST),
  },
});

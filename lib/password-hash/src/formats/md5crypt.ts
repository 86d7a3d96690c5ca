// `$1$`: 1000 rounds of MD5. For what is too old to read anything else. crypt(5).

import { z } from 'zod';
import { defineCryptFormat } from '../define-crypt-format.ts';

/** crypt(3) with MD5. */
export const md5crypt = defineCryptFormat({
  name: 'md5crypt',
  summary: 'crypt(3) with MD5, $1$: only for programs too old for anything else.',
  options: z.object({}),
  prefix: () => '$1$',
  saltBytes: 8,
  count: () => 0,
  form: /^\$1\$[^$:\n]{0,8}\$[./0-9A-Za-z]{22}$/,
});

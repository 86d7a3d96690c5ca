// The password itself.

import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { joinBytes } from '../wipe.ts';

/** The password as it is. */
export const plain = defineFormat({
  name: 'plain',
  summary: 'The password itself.',
  isRecoverable: true,
  options: z.object({}),
  derive: async ({ plain: password }) => ({ kind: 'derived', value: joinBytes(password) }),
  verify: async (password, stored) => ({ kind: areEqualBytes(password, stored) ? 'match' : 'mismatch' }),
});

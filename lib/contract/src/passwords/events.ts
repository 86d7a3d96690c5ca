// What changes among passwords, as it happens: for the courier. Never a value.

import * as z from 'zod';
import { defineOperation } from '../operation.ts';

const event = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listening') }).describe('the first item: whatever happens from here on is told'),
  z.strictObject({ kind: z.literal('overrun') }).describe('the listener was too slow and missed some'),
  z.strictObject({
    kind: z.enum(['set', 'deleted']),
    key: z.string(),
    format: z.string().optional().describe('absent: the whole key'),
    by: z.string(),
  }),
]);

/** Something that happened to a password. */
export type PasswordEvent = z.infer<typeof event>;

export const events = defineOperation({
  name: 'passwords.events',
  summary: 'Pushes which passwords are set and deleted, as it happens. Never a value.',
  kind: 'stream',
  roles: ['admin', 'courier'],
  capability: 'passwords.events',
  input: z.strictObject({}),
  output: event,
  refusals: [],
});

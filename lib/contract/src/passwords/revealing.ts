// A password is shown once: it is fetched, whoever has it says so, and only then is it destroyed, so that a reply that is
// lost loses nothing. From the first fetch on it is bound to whoever fetched it.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';
import { MAX_VALUE_BYTES, passwordKeySchema } from './identity.ts';

const receipt = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal digits')
  .describe('stands for this showing');

export const reveal = defineOperation({
  name: 'passwords.reveal',
  summary: 'Hands out the plain password of a key for the only time. It is destroyed when that is acknowledged.',
  description:
    'Until then whoever asked first may ask again, and nobody else. Formats that are needed later have to be made before: ' +
    'without the password there is nothing to derive them from.',
  kind: 'release',
  roles: ['admin'],
  http: { method: 'POST', path: '/passwords/{key}/plain/reveal' },
  capability: 'passwords.reveal',
  path: ({ key }) => key,
  input: z.strictObject({ key: passwordKeySchema }),
  output: z.strictObject({ value: bytes({ max: MAX_VALUE_BYTES }), receipt }),
  refusals: ['not-found', 'plain-is-gone', 'shown-once', 'clock-behind', 'busy', 'damaged', 'disk-full'],
});

export const acknowledge = defineOperation({
  name: 'passwords.acknowledge',
  summary: 'Says that the password was received: it is destroyed, and what is derived from it stays.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/passwords/{key}/plain/acknowledge' },
  capability: 'passwords.reveal',
  path: ({ key }) => key,
  input: z.strictObject({ key: passwordKeySchema, receipt }),
  output: z.strictObject({ formats: z.array(z.string()).describe('what is left of the key') }),
  refusals: ['not-found', 'shown-once', 'busy', 'damaged', 'disk-full'],
});

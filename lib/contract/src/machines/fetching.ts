// The operation all others are there for: a machine asks for its secret.

import * as z from 'zod';
import { bytes, defineOperation } from '../operation.ts';

export const fetch = defineOperation({
  name: 'machines.fetch',
  summary: 'Hands a machine its secret, if its handshake proves who it is and every condition holds.',
  description:
    'The proof is the TLS handshake itself; a key id is never taken from the caller. A peer that proves nothing learns ' +
    'nothing: the gate answers every refusal alike.',
  kind: 'release',
  roles: ['gate'],
  capability: 'machines.fetch',
  input: z.strictObject({
    proof: z.strictObject({
      messages: z.array(bytes({ min: 4, max: 65_536 })).max(8),
      nonce: bytes({ min: 32, max: 32 }),
      gateRandom: bytes({ min: 32, max: 32 }),
    }),
    source: z
      .strictObject({
        // People sign a text with the address in it: it must not be able to look like another line of that text.
        address: z
          .string()
          .max(100)
          .regex(/^[0-9A-Za-z.:%_-]*$/, 'must be a numeric address'),
        port: z.number().int(),
      })
      .describe('where the connection came from; the keep cannot check it and records it as asserted'),
  }),
  output: z.strictObject({ secret: bytes({ max: 262_144 }) }),
  refusals: [
    'stale',
    'bad-proof',
    'replayed',
    'not-found',
    'disabled',
    'expired',
    'clock-behind',
    'outside-window',
    'not-approved',
    'needs-code',
    'pending-approval',
    'disk-full',
    'busy',
  ],
});

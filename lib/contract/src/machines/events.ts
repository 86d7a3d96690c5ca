// What happens to machines, as it happens: for the bus bridge, the monitor and the courier. Never a secret.

import * as z from 'zod';
import { defineOperation } from '../operation.ts';
import { machineNameSchema } from './identity.ts';
import { machineViewSchema } from './view.ts';

const event = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listening') }).describe('the first item: whatever happens from here on is told'),
  z.strictObject({ kind: z.literal('overrun') }).describe('the listener was too slow and missed some: list again'),
  z.strictObject({ kind: z.literal('added'), machine: machineViewSchema }),
  z.strictObject({ kind: z.literal('changed'), machine: machineViewSchema }),
  z.strictObject({ kind: z.literal('removed'), name: machineNameSchema }),
  z.strictObject({ kind: z.literal('unknown-key'), keyId: z.string(), address: z.string() }),
  z.strictObject({ kind: z.literal('released'), name: machineNameSchema, address: z.string() }),
  z.strictObject({ kind: z.literal('refused'), name: machineNameSchema, code: z.string(), address: z.string() }),
  z.strictObject({
    kind: z.literal('waiting'),
    name: machineNameSchema,
    requestId: z.string(),
    address: z.string(),
    delayMs: z.number().int(),
    releasedAtEnd: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('silent'), name: machineNameSchema }).describe('its checks began to fail'),
  z.strictObject({ kind: z.literal('expired'), name: machineNameSchema }),
  z.strictObject({ kind: z.literal('check-started'), name: machineNameSchema, command: z.string() }),
  z.strictObject({
    kind: z.literal('check-completed'),
    name: machineNameSchema,
    status: z.number().int(),
    waitStatus: z.number().int(),
    command: z.string(),
  }),
]);

/** Something that happened to a machine. */
export type MachineEvent = z.infer<typeof event>;

export const events = defineOperation({
  name: 'machines.events',
  summary: 'Pushes what happens to machines, as it happens.',
  kind: 'stream',
  roles: ['admin', 'bus', 'courier'],
  capability: 'machines.events',
  input: z.strictObject({}),
  output: event,
  refusals: [],
});

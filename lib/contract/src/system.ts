// Operations of the keep itself. Those marked so work while it is sealed, since they open it or say why it is closed.

import * as z from 'zod';
import { bytes, defineOperation } from './operation.ts';

/** What the keep is and how it is. Works while sealed. */
export const status = defineOperation({
  name: 'system.status',
  summary: 'Says whether the keep is open, which modules answer, and what is wrong. Works while sealed.',
  kind: 'read',
  roles: ['admin', 'gate'],
  http: { method: 'GET', path: '/status' },
  capability: 'system.status',
  input: z.strictObject({}),
  output: z.strictObject({
    version: z.string(),
    purpose: z.enum(['production', 'development']),
    sealed: z.boolean(),
    storeId: z.string(),
    rootKeyId: z.string().optional(),
    revision: z.number().int(),
    modules: z.array(z.string()),
    startedAtUnixMs: z.number().int(),
    clockBehindMs: z
      .number()
      .int()
      .optional()
      .describe('how far the wall clock is behind the highest one ever seen, if it is'),
    epoch: z
      .strictObject({ number: z.number().int(), startedAtUnixMs: z.number().int() })
      .optional()
      .describe('how often this store was restored on purpose, and when it last was'),
    rotation: z
      .strictObject({
        root: z.boolean(),
        data: z.boolean(),
        startedAtUnixMs: z.number().int(),
        done: z.number().int().describe('records sealed anew since this start'),
        total: z.number().int().describe('of so many; 0 before they were counted'),
        problem: z.string().optional().describe('why it stands still, if it does'),
      })
      .optional()
      .describe('the rotation of keys that is under way'),
    problem: z.string().optional().describe('why the last attempt to open by itself failed'),
  }),
  refusals: [],
});

/** Opens the keep with one key slot. Works while sealed. */
export const unseal = defineOperation({
  name: 'system.unseal',
  summary: 'Opens the keep with the secret of one key slot. Works while sealed.',
  kind: 'change',
  roles: ['admin'],
  capability: 'system.unseal',
  input: z.strictObject({
    kind: z.enum(['pass-phrase', 'key-file', 'systemd-creds']),
    secret: bytes({ min: 1, max: 65_536 }),
  }),
  output: z.strictObject({ rootKeyId: z.string() }),
  refusals: ['not-sealed', 'wrong-key', 'damaged', 'rolled-back', 'anchor-missing', 'unsupported-format', 'busy'],
});

/** Gives one of the shares that open the keep together. Works while sealed. */
export const unsealShare = defineOperation({
  name: 'system.unseal-share',
  summary: 'Gives one of the shares that open the keep together; the last one opens it. Works while sealed.',
  description:
    'A share is kept in memory for fifteen minutes and then wiped; so are all of them when the keep opens or stops.',
  kind: 'change',
  roles: ['admin'],
  capability: 'system.unseal',
  input: z.strictObject({ share: bytes({ min: 1, max: 4_096 }) }),
  output: z.strictObject({
    sealed: z.boolean(),
    slot: z.string(),
    threshold: z.number().int(),
    given: z.array(z.number().int()).describe('the numbers of the shares that are there'),
    keptMs: z.number().int().describe('how long the oldest of them is kept from now; 0 once the keep is open'),
  }),
  refusals: [
    'not-sealed',
    'wrong-key',
    'not-found',
    'damaged',
    'rolled-back',
    'anchor-missing',
    'unsupported-format',
    'busy',
  ],
});

/** Replaces keys. */
export const rotate = defineOperation({
  name: 'system.rotate',
  summary:
    'Begins to replace the root key, the data keys, or both, while everything goes on; status shows how far it is.',
  description:
    'All key slots stay as they are and open the new root key. Backups made before still open with the slots they were made ' +
    'with. Old keys are destroyed at the end; a keep that is stopped goes on with it when it is opened again. One that stands ' +
    'still is tried again, whatever is asked for.',
  kind: 'change',
  roles: ['admin'],
  capability: 'system.rotate',
  input: z.strictObject({
    root: z.boolean().describe('a new root key, so that a slot that was removed opens no later backup'),
    data: z.boolean().describe('new data keys, with which all records are sealed anew'),
  }),
  output: z.strictObject({ rootKeyId: z.string() }),
  refusals: ['old-keyslot', 'damaged', 'busy', 'disk-full'],
});

/** Closes the keep by ending its process. Works while sealed. */
export const seal = defineOperation({
  name: 'system.seal',
  summary: 'Closes the keep: its process ends, and with it every key in memory. Works while sealed.',
  kind: 'change',
  roles: ['admin'],
  capability: 'system.seal',
  input: z.strictObject({}),
  output: z.strictObject({}),
  refusals: [],
});

/** The nonces a gate mixes into its handshakes. Works while sealed. */
export const nonce = defineOperation({
  name: 'system.nonce',
  summary: 'Pushes a fresh nonce every ten seconds; a handshake made with it proves that it is recent.',
  kind: 'stream',
  roles: ['gate'],
  capability: 'system.nonce',
  input: z.strictObject({}),
  output: z.strictObject({ nonce: bytes({ min: 32, max: 32 }), validMs: z.number().int().positive() }),
  refusals: [],
});

/** A consistent copy of the sealed store. Works while sealed. */
export const backup = defineOperation({
  name: 'system.backup',
  summary: 'Streams a consistent copy of the sealed store while the keep goes on working.',
  description:
    'The first item says the size; the others carry the bytes in order. The copy opens with any key slot it holds.',
  kind: 'stream',
  roles: ['admin'],
  capability: 'system.backup',
  input: z.strictObject({}),
  output: z.union([
    z.strictObject({ sizeBytes: z.number().int() }),
    z.strictObject({ chunk: bytes({ min: 1, max: 1_048_576 }) }),
  ]),
  refusals: ['busy', 'disk-full'],
});

/** A person vouches for the clock. */
export const confirmClock = defineOperation({
  name: 'system.confirm-clock',
  summary: 'Says that the clock is right although it is behind the highest time ever seen; time is trusted again.',
  kind: 'change',
  roles: ['admin'],
  capability: 'system.confirm-clock',
  input: z.strictObject({}),
  output: z.strictObject({ wasBehindMs: z.number().int().describe('0: there was nothing to confirm') }),
  refusals: ['disk-full'],
});

/** Counters and gauges of the keep. */
export const metrics = defineOperation({
  name: 'system.metrics',
  summary: "The keep's counters since its start, in the Prometheus text format.",
  kind: 'read',
  roles: ['admin', 'gate'],
  http: { method: 'GET', path: '/metrics' },
  capability: 'system.metrics',
  input: z.strictObject({}),
  output: z.strictObject({ text: z.string() }),
  refusals: [],
});

/** What a keep that may not open a connection has its gate do. Works while sealed. */
export const relay = defineOperation({
  name: 'system.relay',
  summary: 'Pushes what a gate is to do for the keep: open a connection, write to it, end it. Works while sealed.',
  description: 'The gate relays bytes that it cannot read; the keep itself is the TLS peer of the other server.',
  kind: 'stream',
  roles: ['gate'],
  capability: 'system.relay',
  input: z.strictObject({}),
  output: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('open'), id: z.number().int(), address: z.string(), port: z.number().int() }),
    z.strictObject({ kind: z.literal('data'), id: z.number().int(), data: bytes({ min: 1, max: 65_536 }) }),
    z.strictObject({ kind: z.literal('end'), id: z.number().int() }),
  ]),
  refusals: [],
});

/** What came over a connection that a gate holds for the keep. Works while sealed. */
export const relayed = defineOperation({
  name: 'system.relayed',
  summary: 'Hands the keep what came over a connection that it had opened. Works while sealed.',
  kind: 'report',
  roles: ['gate'],
  capability: 'system.relay',
  input: z.strictObject({
    id: z.number().int(),
    data: bytes({ max: 65_536 }).describe('empty: the connection is over'),
  }),
  output: z.strictObject({}),
  refusals: [],
});

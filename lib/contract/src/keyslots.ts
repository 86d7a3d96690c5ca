// Operations on key slots: the ways to open the keep.

import { isIP } from 'node:net';
import * as z from 'zod';
import { keyIdSchema } from './machines/identity.ts';
import { bytes, defineOperation } from './operation.ts';

const kind = z.enum(['pass-phrase', 'key-file', 'systemd-creds']);
const keySlot = z.strictObject({
  id: z.string(),
  kind: z.enum(['pass-phrase', 'key-file', 'shares', 'peer', 'systemd-creds']),
  label: z.string(),
  createdAtUnixMs: z.number().int(),
  threshold: z.number().int().optional().describe('of a slot of shares: how many of them open it'),
  shares: z.number().int().optional().describe('of a slot of shares: how many were made'),
});

/** A key slot as it is shown: never its secret. */
export type KeySlotView = z.infer<typeof keySlot>;

export const list = defineOperation({
  name: 'keyslots.list',
  summary: 'Lists the key slots.',
  kind: 'read',
  roles: ['admin'],
  capability: 'keyslots.read',
  input: z.strictObject({}),
  output: z.strictObject({ slots: z.array(keySlot) }),
  refusals: [],
});

export const add = defineOperation({
  name: 'keyslots.add',
  summary: 'Adds a key slot: one more secret that opens the keep.',
  kind: 'change',
  roles: ['admin'],
  capability: 'keyslots.manage',
  input: z.strictObject({ kind, secret: bytes({ min: 1, max: 65_536 }), label: z.string().max(100) }),
  output: z.strictObject({ slot: keySlot }),
  refusals: ['too-many-keyslots', 'weak-pass-phrase', 'busy'],
});

export const addShares = defineOperation({
  name: 'keyslots.add-shares',
  summary: 'Adds a key slot that some of many shares open, each kept by another person.',
  description:
    'Each share is a text of a few lines. Nobody can make them again: whoever loses too many adds another slot.',
  kind: 'change',
  roles: ['admin'],
  capability: 'keyslots.manage',
  input: z.strictObject({
    label: z.string().max(100),
    threshold: z.number().int().min(2).max(32),
    shares: z.number().int().min(2).max(32),
  }),
  output: z.strictObject({ slot: keySlot, shares: z.array(bytes({ max: 1_024 })) }),
  refusals: ['too-many-keyslots', 'busy', 'disk-full'],
});

export const addPeer = defineOperation({
  name: 'keyslots.add-peer',
  summary:
    'Adds a key slot that another server opens: after a restart the keep asks that server, as a machine asks for its disk password.',
  description:
    'What comes back is to be enrolled there as a machine: its key id, and the secret, which is of no use without a key that ' +
    'stays in the directory of this keep. The other server hands it out by its own rules: while this server is alive.',
  kind: 'change',
  roles: ['admin'],
  capability: 'keyslots.manage',
  input: z.strictObject({
    label: z.string().min(1).max(100),
    address: z
      .string()
      .max(100)
      .refine((address) => isIP(address) !== 0, 'must be an IPv4 or IPv6 address')
      .describe('where the other server answers machines'),
    port: z.number().int().min(1).max(65_535),
  }),
  output: z.strictObject({ slot: keySlot, keyId: keyIdSchema, secret: bytes({ max: 1_024 }) }),
  refusals: ['too-many-keyslots', 'busy', 'disk-full'],
});

export const remove = defineOperation({
  name: 'keyslots.remove',
  summary: 'Removes a key slot. Backups made before still open with it.',
  kind: 'change',
  roles: ['admin'],
  capability: 'keyslots.manage',
  input: z.strictObject({ id: z.string().min(1).max(64) }),
  output: z.strictObject({}),
  refusals: ['not-found', 'last-keyslot'],
});

// Operations on key slots: the ways to open the keep.

import * as z from 'zod';
import { bytes, defineOperation } from './operation.ts';

const kind = z.enum(['pass-phrase', 'key-file']);
const keySlot = z.strictObject({ id: z.string(), kind, label: z.string(), createdAtUnixMs: z.number().int() });

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

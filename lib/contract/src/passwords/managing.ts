// Operations by which people keep an overview: never a value.

import * as z from 'zod';
import { defineOperation } from '../operation.ts';
import { pathGlobSchema } from '../policy.ts';
import { passwordKeySchema } from './identity.ts';

const unixMs = z.number();

const keyView = z.strictObject({
  key: passwordKeySchema,
  formats: z.array(z.string()).describe('in the order in which they were first stored'),
  createdAtUnixMs: unixMs,
  changedAtUnixMs: unixMs,
  expiresAtUnixMs: unixMs.optional(),
  periodSeconds: z.number().optional().describe('begins anew with every change'),
  hashOnly: z.boolean().describe('its password is shown once only'),
  beingShownTo: z.string().optional().describe('who fetched the password and has not acknowledged it yet'),
  shown: z
    .strictObject({ to: z.string(), atUnixMs: unixMs })
    .optional()
    .describe('who saw the password before it went'),
});

/** A key as it is shown: never a value. */
export type PasswordKeyView = z.infer<typeof keyView>;

const version = z.strictObject({
  number: z.number().int(),
  replacedAtUnixMs: unixMs,
  untilUnixMs: unixMs.describe('until then it can be rolled back to'),
  formats: z.array(z.string()),
});

export const show = defineOperation({
  name: 'passwords.show',
  summary: 'Shows what is known of a key, and its earlier versions.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/passwords/{key}' },
  capability: 'passwords.read',
  path: ({ key }) => key,
  input: z.strictObject({ key: passwordKeySchema }),
  output: keyView.extend({ versions: z.array(version) }),
  refusals: ['not-found', 'damaged'],
});

export const list = defineOperation({
  name: 'passwords.list',
  summary: 'Lists keys, all or those that match, one page at a time, in no meaningful order.',
  description: 'A page may hold fewer than `limit`, or none: only without a cursor it is the last one.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/passwords' },
  capability: 'passwords.read',
  // Whoever may read all that the glob stands for may ask for it.
  path: ({ glob }) => glob,
  input: z.strictObject({
    glob: pathGlobSchema.default('**'),
    limit: z.number().int().min(1).max(500).default(100),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.strictObject({ keys: z.array(keyView), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const rollBack = defineOperation({
  name: 'passwords.roll-back',
  summary: 'Puts an earlier version of a key in place of the present one, which becomes a version itself.',
  description: 'Never of what was deleted, nor of a password that was shown once.',
  kind: 'change',
  roles: ['admin'],
  http: { method: 'POST', path: '/passwords/{key}/versions/roll-back' },
  capability: 'passwords.roll-back',
  path: ({ key }) => key,
  input: z.strictObject({ key: passwordKeySchema, version: z.number().int().min(1) }),
  output: z.strictObject({ formats: z.array(z.string()) }),
  refusals: ['not-found', 'clock-behind', 'busy', 'too-large', 'damaged', 'disk-full'],
});

// Operations by which a person keeps the list of machines: who they are, what they get, how they are set.

import * as z from 'zod';
import { factSchema } from '../audit.ts';
import { bytes, defineOperation } from '../operation.ts';
import { checkerSchema } from './checker.ts';
import { keyIdSchema, machineNameSchema } from './identity.ts';
import { clearableSettings, machineSettingsSchema, machineTypeSchema, settingsPatchSchema } from './settings.ts';
import { machineViewSchema } from './view.ts';

const newMachine = z.strictObject({
  name: machineNameSchema,
  keyId: keyIdSchema.optional(),
  /** OpenPGP fingerprint of a client from before raw public keys; kept, but no supported TLS library can serve it. */
  fingerprint: z
    .string()
    .regex(/^[0-9A-F]{40}$/, 'must be 40 upper-case hexadecimal digits')
    .optional(),
  secret: bytes({ max: 262_144 }),
  enabled: z.boolean(),
  settings: machineSettingsSchema,
});

/** What it takes to enrol a machine. */
export type NewMachine = z.infer<typeof newMachine>;

/** Most machines of one `machines.enroll`: they and their audit record fit one transaction of any store. */
export const MAX_ENROLLED_AT_ONCE = 12;

const byName = z.strictObject({ name: machineNameSchema });
const nothing = z.strictObject({});
const pathOfName = (input: { readonly name: string }): string => input.name;

export const enroll = defineOperation({
  name: 'machines.enroll',
  summary: 'Enrols machines; all of them or none.',
  kind: 'change',
  roles: ['admin'],
  capability: 'machines.manage',
  input: z.strictObject({
    machines: z.array(newMachine).min(1).max(MAX_ENROLLED_AT_ONCE),
    replace: z.boolean().describe('take over the name or key of a machine that is enrolled already'),
  }),
  output: z.strictObject({ enrolled: z.array(z.string()), replaced: z.array(z.string()) }),
  refusals: ['already-exists', 'too-large', 'disk-full'],
});

export const list = defineOperation({
  name: 'machines.list',
  summary: 'Lists machines, one page at a time, in no meaningful order.',
  kind: 'read',
  roles: ['admin', 'bus'],
  http: { method: 'GET', path: '/machines' },
  capability: 'machines.read',
  input: z.strictObject({
    limit: z.number().int().min(1).max(500).default(100),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.strictObject({ machines: z.array(machineViewSchema), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const show = defineOperation({
  name: 'machines.show',
  summary: 'Shows one machine.',
  kind: 'read',
  roles: ['admin', 'bus'],
  http: { method: 'GET', path: '/machines/{name}' },
  capability: 'machines.read',
  path: pathOfName,
  input: byName,
  output: machineViewSchema,
  refusals: ['not-found', 'damaged'],
});

export const enable = defineOperation({
  name: 'machines.enable',
  summary: 'Lets a machine have its secret again.',
  kind: 'change',
  roles: ['admin', 'bus'],
  http: { method: 'POST', path: '/machines/{name}/enable' },
  capability: 'machines.manage',
  path: pathOfName,
  input: byName,
  output: z.strictObject({ changed: z.boolean() }),
  refusals: ['not-found', 'disk-full'],
});

export const disable = defineOperation({
  name: 'machines.disable',
  summary: 'Cuts a machine off: it gets nothing, from the moment this is answered, until a person enables it.',
  kind: 'change',
  roles: ['admin', 'bus'],
  http: { method: 'POST', path: '/machines/{name}/disable' },
  capability: 'machines.manage',
  path: pathOfName,
  input: byName,
  output: z.strictObject({ changed: z.boolean() }),
  refusals: ['not-found', 'disk-full'],
});

export const remove = defineOperation({
  name: 'machines.remove',
  summary: 'Removes a machine and its secret. Its key is unknown from then on.',
  kind: 'change',
  roles: ['admin', 'bus'],
  capability: 'machines.manage',
  path: pathOfName,
  input: byName,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const set = defineOperation({
  name: 'machines.set',
  summary: 'Changes settings of a machine, all of them or none.',
  description:
    'What is absent stays; `clear` takes optional settings away. A longer or shorter `timeoutMs` moves the end of the ' +
    "machine's time by the difference; a new `intervalMs` makes it be looked at at once.",
  kind: 'change',
  roles: ['admin', 'bus'],
  capability: 'machines.manage',
  path: pathOfName,
  input: z.strictObject({
    name: machineNameSchema,
    settings: settingsPatchSchema,
    clear: z.array(z.enum(clearableSettings)).max(clearableSettings.length),
  }),
  output: z.strictObject({ changed: z.boolean() }),
  refusals: ['not-found', 'disk-full'],
});

export const setChecker = defineOperation({
  name: 'machines.set-checker',
  summary: 'Sets how a machine is looked at: a command that runs on this server, or a built-in check.',
  kind: 'change',
  roles: ['admin', 'bus'],
  capability: 'machines.set-checker',
  path: pathOfName,
  input: z.strictObject({ name: machineNameSchema, checker: checkerSchema }),
  output: z.strictObject({ changed: z.boolean() }),
  refusals: ['not-found', 'disk-full'],
});

export const setType = defineOperation({
  name: 'machines.set-type',
  summary: 'Says of which type a machine is, and so what is granted to it.',
  kind: 'change',
  roles: ['admin'],
  capability: 'machines.set-type',
  path: pathOfName,
  input: z.strictObject({
    name: machineNameSchema,
    type: machineTypeSchema.nullable().describe('null: as its place in the tree has it'),
  }),
  output: z.strictObject({ changed: z.boolean() }),
  refusals: ['not-found', 'disk-full'],
});

export const vouch = defineOperation({
  name: 'machines.vouch',
  summary: 'Counts as a successful check: a person says that the machine is alive. Does not enable it.',
  kind: 'change',
  roles: ['admin', 'bus'],
  capability: 'machines.manage',
  path: pathOfName,
  input: byName,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const check = defineOperation({
  name: 'machines.check',
  summary: 'Has a machine looked at now, or stops the check of it that runs.',
  kind: 'change',
  roles: ['admin', 'bus'],
  capability: 'machines.manage',
  path: pathOfName,
  input: z.strictObject({ name: machineNameSchema, run: z.boolean() }),
  output: nothing,
  refusals: ['not-found', 'disabled', 'expired', 'no-watch', 'disk-full'],
});

export const setSecret = defineOperation({
  name: 'machines.set-secret',
  summary: 'Replaces the secret of a machine: an OpenPGP message that only the machine can open, kept as given.',
  kind: 'change',
  roles: ['admin', 'bus'],
  http: { method: 'PUT', path: '/machines/{name}/secret' },
  capability: 'machines.manage',
  path: pathOfName,
  input: z.strictObject({ name: machineNameSchema, secret: bytes({ max: 262_144 }) }),
  output: nothing,
  refusals: ['not-found', 'disk-full', 'too-large'],
});

export const why = defineOperation({
  name: 'machines.why',
  summary: 'Replays the last decision about a machine: who asked, from where, what was decided, on which facts.',
  kind: 'read',
  roles: ['admin'],
  http: { method: 'GET', path: '/machines/{name}/why' },
  capability: 'machines.read',
  path: pathOfName,
  input: byName,
  output: z.strictObject({
    last: z
      .strictObject({
        atUnixMs: z.number().int(),
        who: z.string(),
        decision: z.enum(['released', 'refused', 'waiting']),
        code: z.string().optional(),
        condition: z.string().optional(),
        facts: z.array(factSchema),
      })
      .optional()
      .describe('absent if the machine was never decided about'),
  }),
  refusals: ['not-found', 'damaged'],
});

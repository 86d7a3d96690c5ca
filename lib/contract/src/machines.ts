// Operations on machines: the clients that may be given a disk password. Settings that Mandos knows are kept as they
// were imported, so that nothing is lost between the two.

import * as z from 'zod';
import { factSchema } from './audit.ts';
import { bytes, defineOperation } from './operation.ts';

const durationMs = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const encoder = new TextEncoder();

/** A machine's name. */
export const machineNameSchema = z
  .string()
  .refine((name) => {
    const segments = name.split('/');
    return (
      name.isWellFormed() &&
      segments.length <= 8 &&
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
      segments.every((part) => part !== '' && encoder.encode(part).length <= 255 && !/[\u0000-\u001f\u007f]/.test(part))
    );
  }, 'must be 1 to 8 segments joined by "/", each of 1 to 255 bytes and without control characters')
  .describe('1 to 8 segments joined by `/`, each of 1 to 255 bytes and without control characters');

/** What a machine's TLS key is known by. */
export const keyIdSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .refine(
    (keyId) => keyId !== 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'is the SHA-256 of nothing, which a faulty client version used for every machine; make a new TLS key',
  )
  .describe("SHA-256 of the DER SubjectPublicKeyInfo of the machine's TLS key");

/** Settings of a machine besides its identity and secret; names and defaults are those of clients.conf. */
export const machineSettingsSchema = z.strictObject({
  host: z.string().max(1_024),
  checker: z.string().max(65_536),
  timeoutMs: durationMs,
  extendedTimeoutMs: durationMs,
  intervalMs: durationMs,
  approvalDelayMs: durationMs,
  approvalDurationMs: durationMs,
  approvedByDefault: z.boolean(),
});

export type MachineSettings = z.infer<typeof machineSettingsSchema>;

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

const machineView = z.strictObject({
  name: machineNameSchema,
  keyId: z.string().optional(),
  fingerprint: z.string().optional(),
  enabled: z.boolean(),
  createdAtUnixMs: z.number().int(),
  enabledAtUnixMs: z.number().int().optional(),
  secretSetAtUnixMs: z.number().int(),
  secretSizeBytes: z.number().int(),
  settings: machineSettingsSchema,
});

/** A machine as it is shown: never its secret. */
export type MachineView = z.infer<typeof machineView>;

/** Most machines of one `machines.enroll`: they and their audit record fit one transaction of any store. */
export const MAX_ENROLLED_AT_ONCE = 16;

const byName = z.strictObject({ name: machineNameSchema });
const nothing = z.strictObject({});
const pathOfName = (input: { readonly name: string }): string => input.name;

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
      .strictObject({ address: z.string().max(100), port: z.number().int() })
      .describe('where the connection came from; the keep cannot check it and records it as asserted'),
  }),
  output: z.strictObject({ secret: bytes({ max: 262_144 }) }),
  refusals: ['stale', 'bad-proof', 'replayed', 'not-found', 'disabled', 'pending-approval', 'disk-full', 'busy'],
});

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
  roles: ['admin'],
  capability: 'machines.read',
  input: z.strictObject({ limit: z.number().int().min(1).max(500), cursor: z.string().max(4_096).optional() }),
  output: z.strictObject({ machines: z.array(machineView), cursor: z.string().optional() }),
  refusals: ['damaged'],
});

export const show = defineOperation({
  name: 'machines.show',
  summary: 'Shows one machine.',
  kind: 'read',
  roles: ['admin'],
  capability: 'machines.read',
  path: pathOfName,
  input: byName,
  output: machineView,
  refusals: ['not-found', 'damaged'],
});

export const enable = defineOperation({
  name: 'machines.enable',
  summary: 'Lets a machine have its secret again.',
  kind: 'change',
  roles: ['admin'],
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
  roles: ['admin'],
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
  roles: ['admin'],
  capability: 'machines.manage',
  path: pathOfName,
  input: byName,
  output: nothing,
  refusals: ['not-found', 'disk-full'],
});

export const setSecret = defineOperation({
  name: 'machines.set-secret',
  summary: 'Replaces the secret of a machine: an OpenPGP message that only the machine can open, kept as given.',
  kind: 'change',
  roles: ['admin'],
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

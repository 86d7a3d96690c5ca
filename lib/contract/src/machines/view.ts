// A machine as it is shown: never its secret.

import * as z from 'zod';
import { machineNameSchema } from './identity.ts';
import { machineSettingsSchema } from './settings.ts';

/** Checker status of a machine that no check was made of yet; -1 is one ended by a signal. */
export const NO_CHECK_YET = -2;

const unixMs = z.number().int();

export const machineViewSchema = z.strictObject({
  name: machineNameSchema,
  keyId: z.string().optional(),
  fingerprint: z.string().optional(),
  enabled: z.boolean().describe('whether a person lets it have its secret'),
  state: z
    .enum(['enabled', 'disabled', 'expired'])
    .describe('`expired`: it went silent, and stays so until a person enables it'),
  createdAtUnixMs: unixMs,
  enabledAtUnixMs: unixMs.optional(),
  secretSetAtUnixMs: unixMs,
  secretSizeBytes: z.number().int(),
  expiresAtUnixMs: unixMs.optional().describe('when its time runs out, or ran out; absent if disabled'),
  lastCheckedOkAtUnixMs: unixMs.optional(),
  lastCheckerStatus: z
    .number()
    .int()
    .min(NO_CHECK_YET)
    .max(255)
    .describe('0: alive; -1: ended by a signal; -2: none yet'),
  checkerRunning: z.boolean(),
  lastApprovalRequestAtUnixMs: unixMs.optional(),
  pendingRequests: z.number().int().min(0).describe('how many of its requests wait for a person'),
  settings: machineSettingsSchema,
});

/** A machine as it is shown. */
export type MachineView = z.infer<typeof machineViewSchema>;

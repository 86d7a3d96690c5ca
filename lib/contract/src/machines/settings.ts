// How a machine is treated. The first eight settings, their meanings and defaults are those of mandos-clients.conf(5).

import * as z from 'zod';
import { granteeNameSchema } from '../policy.ts';
import { userNameSchema } from '../users.ts';
import { checkerSchema } from './checker.ts';
import { timeWindowSchema } from './time-window.ts';

const durationMs = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The name of a person whose key may approve. */
export const approverNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'must be 1 to 64 letters, digits, ".", "_", "@" and "-"');

/** `required` of the named people must sign before a secret leaves; one who says no refuses the request. */
export const approvalRuleSchema = z
  .strictObject({
    required: z.number().int().min(1).max(32),
    approvers: z.array(approverNameSchema).min(1).max(32),
  })
  .refine(({ approvers }) => new Set(approvers).size === approvers.length, 'approvers: a name is given twice')
  .refine(({ required, approvers }) => required <= approvers.length, 'required: is more than there are approvers');

export type ApprovalRule = z.infer<typeof approvalRuleSchema>;

/** One of these people must give a one-time code of theirs before a secret leaves. */
export const codeRuleSchema = z
  .strictObject({
    users: z.array(userNameSchema).max(32),
    groups: z.array(granteeNameSchema).max(32).describe('whoever is in one of them'),
  })
  .refine(({ users, groups }) => users.length + groups.length > 0, 'users: nobody is named')
  .refine(({ users }) => new Set(users).size === users.length, 'users: a name is given twice')
  .refine(({ groups }) => new Set(groups).size === groups.length, 'groups: a name is given twice');

export type CodeRule = z.infer<typeof codeRuleSchema>;

/** A kind of machine: what is granted to `type:NAME` is granted to every machine of that type. */
export const machineTypeSchema = granteeNameSchema.describe('what is granted to `type:TYPE` is granted to it too');

/** Settings of a machine besides its identity and secret. */
export const machineSettingsSchema = z.strictObject({
  host: z.string().max(1_024),
  checker: checkerSchema,
  timeoutMs: durationMs,
  extendedTimeoutMs: durationMs,
  intervalMs: durationMs,
  approvalDelayMs: durationMs,
  approvalDurationMs: durationMs,
  approvedByDefault: z.boolean(),
  compat: z
    .literal('mandos')
    .optional()
    .describe("Mandos's own looser rules of liveness: every fetch and every restart extends; absent: strict"),
  approval: approvalRuleSchema.optional().describe('people who must sign; absent: inherited from its place, or nobody'),
  window: timeWindowSchema
    .optional()
    .describe('when its secret may leave; absent: inherited from its place, or always'),
  oneTimeCode: codeRuleSchema
    .optional()
    .describe('people of whom one must give a code; absent: inherited from its place, or nobody'),
  heartbeatKey: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be the base64 of 32 bytes')
    .optional()
    .describe('raw Ed25519 public key that exists only in the running system'),
  type: machineTypeSchema.optional().describe('absent: inherited from its place, or none'),
});

export type MachineSettings = z.infer<typeof machineSettingsSchema>;

/** Settings to change; what is absent stays. Checker and type are not among them: setting them are capabilities of their own. */
export const settingsPatchSchema = machineSettingsSchema.omit({ checker: true, type: true }).partial();

/** Settings that can be taken away. */
export const clearableSettings = ['compat', 'approval', 'window', 'oneTimeCode', 'heartbeatKey'] as const;

// Conditions, and the type, for whole branches of the tree of machines: what a rule at `zurich/rack1` says goes for every machine
// below it, unless a nearer rule or the machine itself says otherwise.

import * as z from 'zod';
import { defineOperation } from '../operation.ts';
import { approvalRuleSchema, codeRuleSchema, machineTypeSchema } from './settings.ts';
import { timeWindowSchema } from './time-window.ts';

/** Most rules of one instance: a decision reads them all at once. */
export const MAX_RULES = 200;

const rulePathSchema = z
  .string()
  .max(1_024)
  .regex(/^$|^[^/]+(\/[^/]+){0,6}$/, 'must be empty (all machines) or 1 to 7 segments joined by "/"');

export const machineRuleSchema = z.strictObject({
  path: rulePathSchema,
  approval: approvalRuleSchema.optional(),
  window: timeWindowSchema.optional(),
  oneTimeCode: codeRuleSchema.optional(),
  type: machineTypeSchema.optional(),
});

/** A rule for a branch of the tree. */
export type MachineRule = z.infer<typeof machineRuleSchema>;

export const setRule = defineOperation({
  name: 'machines.set-rule',
  summary: 'Sets the conditions and the type of a branch of the tree of machines; replaces its earlier rule.',
  kind: 'change',
  roles: ['admin'],
  capability: 'machines.rules',
  path: ({ path }) => path,
  input: machineRuleSchema,
  output: z.strictObject({ replaced: z.boolean() }),
  refusals: ['too-large', 'disk-full'],
});

export const removeRule = defineOperation({
  name: 'machines.remove-rule',
  summary: 'Removes the rule of a branch.',
  kind: 'change',
  roles: ['admin'],
  capability: 'machines.rules',
  path: ({ path }) => path,
  input: z.strictObject({ path: rulePathSchema }),
  output: z.strictObject({}),
  refusals: ['not-found', 'disk-full'],
});

export const rules = defineOperation({
  name: 'machines.rules',
  summary: 'Lists the rules of all branches.',
  kind: 'read',
  roles: ['admin'],
  capability: 'machines.read',
  input: z.strictObject({}),
  output: z.strictObject({ rules: z.array(machineRuleSchema).max(MAX_RULES) }),
  refusals: ['damaged'],
});

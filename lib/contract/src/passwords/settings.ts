// What goes for all passwords: the options of new ones, and how long what was replaced can be rolled back to.

import * as z from 'zod';
import { defineOperation } from '../operation.ts';
import { passwordOptionsSchema } from './values.ts';

const DAY_SECONDS = 86_400;
const MAX_PROFILES = 200;

const areProfiles = (value: unknown): boolean =>
  passwordOptionsSchema.safeParse(value).success &&
  Object.keys(value as object).length <= MAX_PROFILES &&
  Object.values(value as object).every((options) => passwordOptionsSchema.safeParse(options).success);

export const passwordSettingsSchema = z.strictObject({
  options: passwordOptionsSchema.describe('hold unless the caller or its profiles say otherwise'),
  profiles: z
    .custom<Readonly<Record<string, Readonly<Record<string, unknown>>>>>(areProfiles, 'must be options by names')
    .meta({ type: 'object' })
    .describe('options by the name of a profile; they replace the built-in ones of the same name'),
  graceSeconds: z
    .number()
    .int()
    .min(0)
    .max(365 * DAY_SECONDS)
    .describe('how long an earlier version can be rolled back to; 0: not at all'),
});

/** Settings of all passwords. */
export type PasswordSettings = z.infer<typeof passwordSettingsSchema>;

/** What holds until somebody says otherwise, besides the built-in options and profiles. */
export const defaultPasswordSettings: PasswordSettings = { options: {}, profiles: {}, graceSeconds: 7 * DAY_SECONDS };

export const settings = defineOperation({
  name: 'passwords.settings',
  summary: 'Shows the options and profiles that are set for all passwords, besides the built-in ones.',
  kind: 'read',
  roles: ['admin'],
  capability: 'passwords.read',
  input: z.strictObject({}),
  output: passwordSettingsSchema,
  refusals: ['damaged'],
});

export const configure = defineOperation({
  name: 'passwords.configure',
  summary: 'Replaces the options and profiles for all passwords. What is stored stays as it is.',
  kind: 'change',
  roles: ['admin'],
  capability: 'passwords.configure',
  input: passwordSettingsSchema,
  output: z.strictObject({}),
  refusals: ['too-large', 'disk-full'],
});

// The options of new passwords, the profiles, and the grace of what was replaced.

import { ok, passwords } from '@chatelaine/contract';
import { builtInProfiles, defaultOptions, type OptionDefaults } from '@chatelaine/passwords';
import * as z from 'zod';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { defineRecord, type ModuleTransaction } from '../../kernel/module-transaction.ts';

const settingsForm = defineRecord(
  'password settings',
  passwords.passwordSettingsSchema.extend({ format: z.literal(1) }),
);

const PATH = 'settings';

/** As they are set. */
export const readSettings = async (tx: ModuleTransaction): Promise<passwords.PasswordSettings> => {
  const record = await tx.get(settingsForm, PATH);
  if (record === undefined) return passwords.defaultPasswordSettings;
  const { format: _, ...settings } = record;
  return settings;
};

/** With what is built in. */
export const optionDefaults = ({ options, profiles }: passwords.PasswordSettings): OptionDefaults => ({
  options: { ...defaultOptions, ...options },
  profiles: { ...builtInProfiles, ...profiles },
});

export const keepSettings: readonly BoundOperation[] = [
  answer(passwords.settings, async (_call, tx) => ok(await readSettings(tx))),
  answer(passwords.configure, async ({ input }, tx) => {
    tx.put(settingsForm, PATH, { format: 1, ...input });
    return ok({});
  }),
];

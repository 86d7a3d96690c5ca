// What clients.conf said at the last start, kept beside the store: only so can the next start tell what was changed in the file
// from what was changed while the server ran. Written whole after everything of a start is in the store, so that a start that
// was broken off is done again from the beginning, to the same end. The store is never used without it.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { machines } from '@chatelaine/contract';
import * as z from 'zod';
import { Failure } from '../failure.ts';
import { settingsIn } from '../mandos-state/restore-state.ts';

const entry = z.strictObject({
  host: z.string(),
  checker_command: z.string(),
  key_id: z.string(),
  fingerprint: z.string(),
  enabled: z.boolean(),
  timeout: z.number(),
  extended_timeout: z.number(),
  interval: z.number(),
  approval_delay: z.number(),
  approval_duration: z.number(),
  approved_by_default: z.boolean(),
  /** SHA-256 of the secret, which is an encrypted message. */
  secret: z.string(),
});

/** One stanza, in the words of Mandos. */
export type ConfiguredMachine = z.infer<typeof entry>;
/** By name. */
export type Configured = ReadonlyMap<string, ConfiguredMachine>;

const schema = z.strictObject({ format: z.literal(1), machines: z.record(z.string(), entry) });

/** The stanza of a machine as it is kept. */
export const configuredMachine = (machine: machines.NewMachine): ConfiguredMachine => ({
  ...settingsIn(machine),
  secret: createHash('sha256').update(machine.secret).digest('hex'),
});

/** Writes a file whole or not at all, for its owner alone; it is on disk when this resolves. */
export const writeWhole = async (path: string, content: string | Uint8Array): Promise<void> => {
  await using file = await open(`${path}.new`, 'w', 0o600);
  await file.chmod(0o600);
  await file.writeFile(content);
  await file.sync();
  await rename(`${path}.new`, path);
  await using directory = await open(dirname(path), 'r');
  await directory.sync();
};

export const writeConfigured = (path: string, configured: Configured): Promise<void> =>
  writeWhole(path, `${JSON.stringify({ format: 1, machines: Object.fromEntries(configured) })}\n`);

/** Reads it. That it is missing must never look like a first start: every machine that was cut off would be back. */
export const readConfigured = async (path: string): Promise<Configured> => {
  const hint = 'To forget everything that was changed while the server ran: --no-restore';
  if (!existsSync(path)) {
    const text = `${path} is missing: nobody knows which machines were disabled or removed on purpose.`;
    throw new Failure('configuration', text, hint);
  }
  try {
    return new Map(Object.entries(schema.parse(JSON.parse(await readFile(path, 'utf8'))).machines));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw new Failure('configuration', `${path} is damaged.`, hint);
  }
};

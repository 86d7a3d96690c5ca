// `chatelaine restore FILE`: a backup becomes the store again. Nothing is changed before all of it was found to open and
// somebody said yes; a keep that has the store open is refused.

import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AccountError, defaultConfigPath, preparedPrivateDirectory, resolveAccount } from '@chatelaine/process';
import { Failure } from '../failure.ts';
import { writeDefaultConfig } from '../house/default-config.ts';
import { chooseConfigFile, type GlobalOptions } from '../instance/config-file.ts';
import { readWholeConfig } from '../instance/read-config.ts';
import { confirm } from '../terminal/confirm.ts';
import { printJson, say } from '../terminal/output.ts';
import { openBackup } from './backup-process.ts';
import { requireReadable } from './readable-file.ts';
import { describeBackup } from './show-backup.ts';
import { type GivenSecret, readSlotSecret, type SlotOptions } from './slot-options.ts';

export interface RestoreOptions extends GlobalOptions, SlotOptions {
  readonly to?: string;
  readonly anchor?: string;
  readonly older?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Place {
  readonly directory: string;
  readonly anchor: string;
  /** What the configuration says the store is for. */
  readonly purpose?: string;
}

/** Where an instance has its store; made, on a machine that has none. */
const placeOfInstance = async (options: RestoreOptions): Promise<Place> => {
  const isRoot = process.geteuid?.() === 0;
  const file = chooseConfigFile(options) ?? defaultConfigPath();
  if (isRoot && options.dir === undefined) {
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    if (await writeDefaultConfig(file)) say(`${file} is written.`);
  }
  const { keep, group, purpose } = readWholeConfig(file);
  if (isRoot && purpose === 'production') {
    try {
      const owner = resolveAccount({ account: keep.account, group, purpose });
      for (const directory of [keep.directory, dirname(keep.anchor)]) preparedPrivateDirectory(directory, owner);
    } catch (error) {
      if (error instanceof AccountError) throw new Failure('configuration', `${error.message}.`);
      throw error;
    }
  }
  return { directory: keep.directory, anchor: keep.anchor, purpose };
};

const placeOf = async (options: RestoreOptions): Promise<Place> => {
  const { to, anchor } = options;
  if (to === undefined) {
    if (anchor !== undefined) throw new Failure('usage', '--anchor goes with --to.');
    return await placeOfInstance(options);
  }
  const directory = resolve(to);
  return { directory, anchor: anchor === undefined ? join(directory, 'anchor') : resolve(anchor) };
};

const restore = async (file: string, place: Place, secret: GivenSecret, options: RestoreOptions): Promise<void> => {
  const { directory, anchor } = place;
  const older = options.older === true ? ['--older'] : [];
  const args = ['--restore', resolve(file), '--to', directory, '--anchor', anchor, ...older];
  const restored = await openBackup(args, secret, async (report) => {
    for (const line of describeBackup(report)) say(line);
    if (place.purpose !== undefined && place.purpose !== report.purpose) {
      throw new Failure('refused', `The backup was made for ${report.purpose}, this instance is for ${place.purpose}.`);
    }
    await confirm(`Make this the store in ${directory}?`, options.yes === true);
  });
  if (restored === undefined) throw new Failure('refused', 'Nothing was changed.');
  if (options.json === true) return await printJson(restored);
  if (restored.replaced !== undefined) say(`The store that was there is kept as ${restored.replaced}.`);
  say(
    `The store is restored; epoch ${restored.epoch.number} begins. What was approved, used or alive before counts no more.`,
  );
  say('Machines wait for a check that succeeds, or for: chatelaine machine enable NAME');
  say('What was cut off or revoked after the backup was made is to be cut off again.');
};

export const restoreBackup = async (file: string, options: RestoreOptions): Promise<void> => {
  await requireReadable(file);
  const place = await placeOf(options);
  const secret = await readSlotSecret(options);
  try {
    await restore(file, place, secret, options);
  } finally {
    for (const part of secret.parts) part.fill(0);
  }
};

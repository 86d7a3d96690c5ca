// `chatelaine backup check FILE`: the drill. Proves that a backup opens with a key slot, to its last record.

import { resolve } from 'node:path';
import type { GlobalOptions } from '../instance/config-file.ts';
import { print, printJson, say } from '../terminal/output.ts';
import { type BackupReport, openBackup } from './backup-process.ts';
import { requireReadable } from './readable-file.ts';
import { describeBackup } from './show-backup.ts';
import { readSlotSecret, type SlotOptions } from './slot-options.ts';

export const checkBackup = async (
  file: string,
  options: GlobalOptions & SlotOptions & { readonly json?: boolean },
): Promise<void> => {
  await requireReadable(file);
  const secret = await readSlotSecret(options);
  let report: BackupReport | undefined;
  try {
    await openBackup(['--check-backup', resolve(file)], secret, async (found) => {
      report = found;
    });
  } finally {
    for (const part of secret.parts) part.fill(0);
  }
  if (report === undefined) return;
  if (options.json === true) return await printJson(report);
  for (const line of describeBackup(report)) await print(`${line}\n`);
  say('The backup is good.');
};

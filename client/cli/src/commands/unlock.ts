// `chatelaine unlock`

import type { Command } from 'commander';
import type { UnlockOptions } from '../unlock/unlock-volume.ts';
import { action } from './action.ts';

export const registerUnlock = (program: Command): void => {
  program
    .command('unlock <VOLUME>')
    .summary("open a volume of crypttab with this machine's password")
    .description(
      "As root: opens an encrypted volume of crypttab with this machine's password, from its servers, or asks for it. The kernel keeps " +
        'it for two and a half minutes, as systemd does with one that was typed, so that further volumes open without asking.',
    )
    .option('--crypttab <FILE>', 'the table of volumes', '/etc/crypttab')
    .option('--program <FILE>', 'what prints the password (default: integrations/boot/machine-password)')
    .option('--wait <SECONDS>', 'how long that may take', '60')
    .action(
      action<UnlockOptions>(async (options, volume) =>
        (await import('../unlock/unlock-volume.ts')).unlockVolume(volume ?? '', options),
      ),
    );
};

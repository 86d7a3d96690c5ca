// `chatelaine unseal | seal | status | rotate | backup [check] | restore | clock confirm | metrics`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { BackupOptions } from '../keep/backup.ts';
import type { RestoreOptions } from '../keep/restore.ts';
import type { RotateOptions } from '../keep/rotate.ts';
import type { SlotOptions } from '../keep/slot-options.ts';
import type { UnsealOptions } from '../keep/unseal.ts';
import { action } from './action.ts';

export const registerKeep = (program: Command): void => {
  program
    .command('status')
    .summary('say whether the keep is open')
    .description(
      'Says whether the keep is open, what it has loaded, and what is wrong. Ends with 3 while it is sealed.',
    )
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../keep/status.ts')).showStatus(options),
      ),
    );
  program
    .command('unseal')
    .summary('open the keep with one key slot')
    .description(
      'Opens the keep. The pass phrase comes from a prompt, or from stdin. Shares are given one by one, by whoever holds them, ' +
        'until there are enough; each is kept for a quarter of an hour.',
    )
    .option('--key-file <FILE>', 'open it with the bytes of this file')
    .option('--share [FILE...]', 'give shares from files, or one from the prompt or stdin')
    .option('--json', 'print JSON')
    .action(action<UnsealOptions>(async (options) => (await import('../keep/unseal.ts')).unsealKeep(options)));
  program
    .command('seal')
    .summary('close the keep by ending its process')
    .description(
      'Closes the keep: its process ends, and with it every key in memory. Machines get nothing until it is opened.',
    )
    .action(action<GlobalOptions>(async (options) => (await import('../keep/seal.ts')).sealKeep(options)));
  program
    .command('rotate')
    .summary('replace the root key and the data keys')
    .description(
      'Replaces keys while everything goes on, and destroys the old ones at the end. Without --root and --data both. The key slots ' +
        'stay as they are. A keep that is stopped meanwhile goes on with it when it is opened again.',
    )
    .option('--root', 'a new root key: a slot that was removed opens no later backup, whatever its holder knew')
    .option('--data', 'new data keys: all records are sealed anew')
    .option('--no-wait', 'only begin it')
    .option('--json', 'print JSON')
    .action(action<RotateOptions>(async (options) => (await import('../keep/rotate.ts')).rotateKeys(options)));
  const backup = program
    .command('backup')
    .summary('copy the sealed store while the keep works')
    .description('Writes a consistent copy of the sealed store to a new file, 0600. "-" is stdout.')
    .argument('<FILE>', 'the file to make')
    .option('--force', 'replace a file that is there')
    .option('--json', 'print JSON')
    .action(
      action<BackupOptions>(async (options, file = '-') => (await import('../keep/backup.ts')).backUp(file, options)),
    );
  backup
    .command('check')
    .summary('prove that a backup opens with a key slot')
    .description(
      'Opens a backup as a restore would, every record and the audit chain, and says what it is. No keep has to run. The pass ' +
        'phrase comes from a prompt, or from stdin.',
    )
    .argument('<FILE>', 'the backup')
    .option('--key-file <FILE>', 'open it with the bytes of this file')
    .option('--share [FILE...]', 'open it with the shares in these files')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & SlotOptions & { json?: boolean }>(async (options, file = '') =>
        (await import('../keep/check-backup.ts')).checkBackup(file, options),
      ),
    );
  program
    .command('restore')
    .summary('make a backup the store again')
    .description(
      'Opens a backup, every record and the audit chain, says what it is, and makes it the store of this instance; what was there ' +
        'is kept beside it. The keep must not run. What was used, approved or alive before counts no more: machines wait for a ' +
        'check that succeeds, or for a person. The pass phrase comes from a prompt, or from stdin.',
    )
    .argument('<FILE>', 'the backup')
    .option('--to <DIR>', "put it there instead of the keep's directory")
    .option('--older', 'also if the store that is there is newer: what came after the backup is lost')
    .option('--anchor <FILE>', 'with --to: where the anchor goes (default: DIR/anchor)')
    .option('--key-file <FILE>', 'open it with the bytes of this file')
    .option('--share [FILE...]', 'open it with the shares in these files')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(
      action<RestoreOptions>(async (options, file = '') =>
        (await import('../keep/restore.ts')).restoreBackup(file, options),
      ),
    );
  program
    .command('clock')
    .description('the clock that times are measured by')
    .command('confirm')
    .summary('say that the clock is right')
    .description(
      'Says that the clock of this server is right although it is behind the latest time it ever showed. Until then ' +
        'nothing that depends on the time is handed out.',
    )
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & { yes?: boolean }>(async (options) =>
        (await import('../keep/clock.ts')).confirmClock(options),
      ),
    );
  program
    .command('metrics')
    .summary('print what the keep counted')
    .description("Prints the keep's counters since its start, in the text format of Prometheus.")
    .action(action<GlobalOptions>(async (options) => (await import('../keep/metrics.ts')).showMetrics(options)));
};

// `chatelaine unseal | seal | status | backup | clock confirm | metrics`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { BackupOptions } from '../keep/backup.ts';
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
    .description('Opens the keep. The pass phrase comes from a prompt, or from stdin.')
    .option('--key-file <FILE>', 'open it with the bytes of this file')
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
    .command('backup')
    .summary('copy the sealed store while the keep works')
    .description('Writes a consistent copy of the sealed store to a new file, 0600. "-" is stdout.')
    .argument('<FILE>', 'the file to make')
    .option('--force', 'replace a file that is there')
    .option('--json', 'print JSON')
    .action(
      action<BackupOptions>(async (options, file = '-') => (await import('../keep/backup.ts')).backUp(file, options)),
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

// `chatelaine keyslot`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { AddKeyslotOptions } from '../keep/keyslots.ts';
import { action } from './action.ts';

export const registerKeyslot = (program: Command): void => {
  const keyslot = program.command('keyslot').description('the ways to open the keep');
  keyslot
    .command('add')
    .summary('add a pass phrase or key file')
    .description('Adds a key slot. The pass phrase comes from a prompt, or from stdin.')
    .option('--key-file <FILE>', 'the bytes of this file instead of a pass phrase')
    .option('--label <TEXT>', 'what to call it')
    .option('--json', 'print JSON')
    .action(action<AddKeyslotOptions>(async (options) => (await import('../keep/keyslots.ts')).addKeyslot(options)));
  keyslot
    .command('list')
    .description('list the key slots')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../keep/keyslots.ts')).listKeyslots(options),
      ),
    );
  keyslot
    .command('remove')
    .summary('remove a key slot')
    .description('Removes a key slot. Backups made before still open with it.')
    .argument('<ID>', 'the id that list shows')
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & { yes?: boolean }>(async (options, id = '') =>
        (await import('../keep/keyslots.ts')).removeKeyslot(id, options),
      ),
    );
};

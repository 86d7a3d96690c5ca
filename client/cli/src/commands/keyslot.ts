// `chatelaine keyslot`

import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { AddPeerOptions } from '../keep/add-peer-keyslot.ts';
import type { AddKeyslotOptions } from '../keep/keyslots.ts';
import { action } from './action.ts';

export const registerKeyslot = (program: Command): void => {
  const keyslot = program.command('keyslot').description('the ways to open the keep');
  keyslot
    .command('add')
    .summary('add a pass phrase, a key file or another server')
    .description(
      'Adds a key slot. The pass phrase comes from a prompt, or from stdin. With --peer another server opens this one after a ' +
        'restart, as it gives machines their disk passwords; what is printed is to be enrolled there.',
    )
    .option('--key-file <FILE>', 'the bytes of this file instead of a pass phrase')
    .option('--peer <ADDRESS:PORT>', 'the other server, where it answers machines')
    .option('--as <NAME>', 'what this server is called there (default: its host name)')
    .option('--label <TEXT>', 'what to call it')
    .option('--json', 'print JSON')
    .action(
      action<AddKeyslotOptions & Partial<AddPeerOptions>>(async (options) => {
        const { peer, keyFile } = options;
        if (peer === undefined) return (await import('../keep/keyslots.ts')).addKeyslot(options);
        if (keyFile !== undefined) throw new Failure('usage', '--peer and --key-file exclude each other.');
        return (await import('../keep/add-peer-keyslot.ts')).addPeerKeyslot({ ...options, peer });
      }),
    );
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

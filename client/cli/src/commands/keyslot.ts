// `chatelaine keyslot`

import { type Command, InvalidArgumentError } from 'commander';
import { Failure } from '../failure.ts';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { AddPeerOptions } from '../keep/add-peer-keyslot.ts';
import type { AddSharesOptions } from '../keep/add-shares-keyslot.ts';
import type { AddKeyslotOptions, RemoveKeyslotOptions } from '../keep/keyslots.ts';
import type { AddSystemdCredsOptions } from '../keep/systemd-creds.ts';
import { action } from './action.ts';

type AddOptions = AddKeyslotOptions &
  Partial<AddPeerOptions> &
  Partial<AddSharesOptions> &
  Partial<AddSystemdCredsOptions>;

const wholeNumber = (text: string): number => {
  if (!/^[0-9]{1,3}$/.test(text) || Number(text) < 2 || Number(text) > 32) {
    throw new InvalidArgumentError('It is a whole number from 2 to 32.');
  }
  return Number(text);
};

export const registerKeyslot = (program: Command): void => {
  const keyslot = program.command('keyslot').description('the ways to open the keep');
  keyslot
    .command('add')
    .summary('add a pass phrase, a key file, shares, this machine or another server')
    .description(
      'Adds a key slot. The pass phrase comes from a prompt, or from stdin. With --shares any few of many shares open the ' +
        'keep, each in a file of its own for another person. With --systemd-creds this machine opens it by itself after a ' +
        'restart, with a key in its TPM or in a file of root. With --peer another server opens this one after a restart, as it ' +
        'gives machines their disk passwords; what is printed is to be enrolled there.',
    )
    .option('--key-file <FILE>', 'the bytes of this file instead of a pass phrase')
    .option('--shares <N>', 'make this many shares, 2 to 32', wholeNumber)
    .option('--threshold <K>', 'how many of the shares open the keep', wholeNumber)
    .option('--out <DIR>', 'the directory for the files of the shares')
    .option('--systemd-creds [KEY]', 'let systemd keep the secret: auto, host, tpm2 or host+tpm2')
    .option('--peer <ADDRESS:PORT>', 'the other server, where it answers machines')
    .option('--as <NAME>', 'what this server is called there (default: its host name)')
    .option('--label <TEXT>', 'what to call it')
    .option('--json', 'print JSON')
    .action(
      action<AddOptions>(async (options) => {
        const { peer, keyFile, shares, systemdCreds } = options;
        const kinds = [peer, keyFile, shares, systemdCreds].filter((kind) => kind !== undefined);
        if (kinds.length > 1) {
          throw new Failure('usage', '--key-file, --shares, --systemd-creds and --peer exclude each other.');
        }
        if (shares !== undefined) {
          return (await import('../keep/add-shares-keyslot.ts')).addSharesKeyslot({ ...options, shares });
        }
        if (systemdCreds !== undefined) {
          return (await import('../keep/systemd-creds.ts')).addSystemdCredsKeyslot({ ...options, systemdCreds });
        }
        if (peer !== undefined)
          return (await import('../keep/add-peer-keyslot.ts')).addPeerKeyslot({ ...options, peer });
        return (await import('../keep/keyslots.ts')).addKeyslot(options);
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
    .description(
      'Removes a key slot. Backups made before still open with it; with --rotate-root those made from now on do not, ' +
        'whatever its holder knew.',
    )
    .argument('<ID>', 'the id that list shows')
    .option('--rotate-root', 'then replace the root key, too')
    .option('-y, --yes', 'do not ask')
    .action(
      action<RemoveKeyslotOptions>(async (options, id = '') =>
        (await import('../keep/keyslots.ts')).removeKeyslot(id, options),
      ),
    );
};

// `chatelaine machine enroll | import | export | remove | secret set`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { EnrollOptions } from '../machine/enroll.ts';
import type { ExportOptions } from '../machine/export.ts';
import type { ImportOptions } from '../machine/import.ts';
import { action } from './action.ts';
import { MACHINE_NAME } from './machine-name.ts';
import { withSettingsOptions } from './settings-options.ts';

const registerEnroll = (machine: Command): void => {
  const enroll = machine
    .command('enroll')
    .summary('enrol a machine, with new keys or its own')
    .description(
      'Enrols a machine: makes what mandos-keygen makes, or uses the keys it made, encrypts the disk password for the ' +
        'machine and keeps it. The password comes from a prompt, or from stdin, to its last byte.',
    )
    .argument('<NAME>', MACHINE_NAME)
    .option('--key-dir <DIR>', "the machine's four key files; made there if there are none (default: NAME-keys)")
    .option('--force', 'make new keys even if there are some')
    .option('--replace', 'take over the name or key of a machine that is enrolled')
    .option('--disabled', 'it gets nothing before it is enabled')
    .option('--servers <NAMES>', 'share the password out: here, and names of other servers, joined by commas')
    .option('--threshold <NUMBER>', 'how many of these servers suffice; fewer learn nothing')
    .option('--share-dir <DIR>', 'where the shares of the others are written (default: NAME-shares)');
  withSettingsOptions(enroll, true)
    .option('--json', 'print JSON')
    .action(
      action<EnrollOptions>(async (options, name = '') =>
        (await import('../machine/enroll.ts')).enrollMachine(name, options),
      ),
    );
};

export const registerMachineEnrolment = (machine: Command): void => {
  registerEnroll(machine);
  machine
    .command('import')
    .summary('take over machines from a Mandos server')
    .description(
      'Takes over the machines of a clients.conf, all or none of them; "-" is stdin. With --from those of a whole Mandos ' +
        'server: its clients.conf, what was changed while it ran (stop it first, so that it is saved), and a word about ' +
        'each option of its mandos.conf.',
    )
    .argument('[FILE]', 'a clients.conf')
    .option('--from <DIR>', 'the configuration of the server, such as /etc/mandos')
    .option(
      '--saved-state <FILE>',
      'its saved state (default with --from: clients.pickle in its statedir, if there is one)',
    )
    .option('--no-saved-state', 'take everything as the configuration has it')
    .option('--replace', 'take over the names and keys of machines that are enrolled')
    .option('--check', 'only read the files and say what is wrong')
    .option('--report', 'print what is treated differently than by Mandos, and why')
    .option('--json', 'print JSON')
    .action(
      action<ImportOptions>(async (options, file) =>
        (await import('../machine/import.ts')).importMachines(file, options),
      ),
    );
  machine
    .command('export')
    .summary('write machines as a clients.conf of Mandos')
    .description(
      'Writes machines, their secrets included, as a clients.conf that a Mandos server reads. Whoever gets that file and ' +
        'the key of a machine has its password, whatever is decided here; every export is on record. Says what Mandos ' +
        'has no word for.',
    )
    .argument('[NAME...]', 'which machines (default: all)')
    .option('--to <DIR>', 'make clients.conf in this directory, 0600 (default: print it)')
    .option('--force', 'replace a file that is there')
    .action(
      action<ExportOptions>(async (options, ...names) =>
        (await import('../machine/export.ts')).exportMachines(names, options),
      ),
    );
  machine
    .command('remove')
    .summary('remove a machine and its secret')
    .description('Removes a machine and its secret; its key is unknown from then on.')
    .argument('<NAME>', MACHINE_NAME)
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & { yes?: boolean }>(async (options, name = '') =>
        (await import('../machine/change.ts')).removeMachine(name, options),
      ),
    );
  machine
    .command('secret')
    .description('the secret of a machine')
    .command('set')
    .summary('give a machine a new secret')
    .description(
      'Replaces the secret of a machine. With --key-dir a password, from a prompt or stdin, is encrypted for the ' +
        'machine; without it, stdin is an OpenPGP message that is kept as it is.',
    )
    .argument('<NAME>', MACHINE_NAME)
    .option('--key-dir <DIR>', 'where pubkey.txt of the machine is')
    .action(
      action<GlobalOptions & { keyDir?: string }>(async (options, name = '') =>
        (await import('../machine/set-secret.ts')).setMachineSecret(name, options),
      ),
    );
};

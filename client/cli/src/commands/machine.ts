// `chatelaine machine`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { EnrollOptions } from '../machine/enroll.ts';
import type { ImportOptions } from '../machine/import.ts';
import { action } from './action.ts';

type Json = GlobalOptions & { json?: boolean };

const NAME = 'its name, such as web1 or zurich/rack1/web1';

const registerEnrolment = (machine: Command): void => {
  machine
    .command('enroll')
    .summary('enrol a machine, with new keys or its own')
    .description(
      'Enrols a machine: makes what mandos-keygen makes, or uses the keys it made, encrypts the disk password for the ' +
        'machine and keeps it. The password comes from a prompt, or from stdin, to its last byte.',
    )
    .argument('<NAME>', NAME)
    .option('--key-dir <DIR>', "the machine's four key files; made there if there are none (default: NAME-keys)")
    .option('--force', 'make new keys even if there are some')
    .option('--replace', 'take over the name or key of a machine that is enrolled')
    .option('--disabled', 'it gets nothing before it is enabled')
    .option('--host <HOST>', 'where its checker looks (default: NAME)')
    .option('--checker <COMMAND>', 'how it is checked')
    .option('--timeout <DURATION>', 'how long it may be silent (default: PT5M)')
    .option('--extended-timeout <DURATION>', 'the same, once after it got its secret (default: PT15M)')
    .option('--interval <DURATION>', 'between checks (default: PT2M)')
    .option('--approval-delay <DURATION>', 'how long a person may take to approve; 0 needs nobody (default: PT0S)')
    .option('--approval-duration <DURATION>', 'how long an approval lasts (default: PT1S)')
    .option('--no-approved-by-default', 'refuse when nobody approved in time')
    .option('--json', 'print JSON')
    .action(
      action<EnrollOptions>(async (options, name = '') =>
        (await import('../machine/enroll.ts')).enrollMachine(name, options),
      ),
    );
  machine
    .command('import')
    .summary('take over machines from a Mandos clients.conf')
    .description('Takes over the machines of a clients.conf, all or none of them. "-" is stdin.')
    .argument('<FILE>', 'such as /etc/mandos/clients.conf')
    .option('--replace', 'take over the names and keys of machines that are enrolled')
    .option('--check', 'only read the file and say what is wrong')
    .option('--json', 'print JSON')
    .action(
      action<ImportOptions>(async (options, file = '-') =>
        (await import('../machine/import.ts')).importMachines(file, options),
      ),
    );
  machine
    .command('remove')
    .summary('remove a machine and its secret')
    .description('Removes a machine and its secret; its key is unknown from then on.')
    .argument('<NAME>', NAME)
    .option('-y, --yes', 'do not ask')
    .action(
      action<GlobalOptions & { yes?: boolean }>(async (options, name = '') =>
        (await import('../machine/change.ts')).removeMachine(name, options),
      ),
    );
};

export const registerMachine = (program: Command): void => {
  const machine = program.command('machine').description('machines that may be given a disk password');
  registerEnrolment(machine);
  machine
    .command('list')
    .description('list the machines')
    .option('--json', 'print JSON')
    .action(action<Json>(async (options) => (await import('../machine/list.ts')).listMachines(options)));
  machine
    .command('show')
    .description('show one machine, never its secret')
    .argument('<NAME>', NAME)
    .option('--json', 'print JSON')
    .action(
      action<Json>(async (options, name = '') => (await import('../machine/show.ts')).showMachine(name, options)),
    );
  machine
    .command('why')
    .summary('explain the last decision about a machine')
    .description(
      'Replays the last decision: who asked, from where, what was decided, on which facts, proved or asserted.',
    )
    .argument('<NAME>', NAME)
    .option('--json', 'print JSON')
    .action(
      action<Json>(async (options, name = '') => (await import('../machine/why.ts')).explainMachine(name, options)),
    );
  machine
    .command('enable')
    .description('let a machine have its secret again')
    .argument('<NAME>', NAME)
    .action(
      action<GlobalOptions>(async (options, name = '') =>
        (await import('../machine/change.ts')).enableMachine(name, options),
      ),
    );
  machine
    .command('disable')
    .description('cut a machine off until a person enables it')
    .argument('<NAME>', NAME)
    .action(
      action<GlobalOptions>(async (options, name = '') =>
        (await import('../machine/change.ts')).disableMachine(name, options),
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
    .argument('<NAME>', NAME)
    .option('--key-dir <DIR>', 'where pubkey.txt of the machine is')
    .action(
      action<GlobalOptions & { keyDir?: string }>(async (options, name = '') =>
        (await import('../machine/set-secret.ts')).setMachineSecret(name, options),
      ),
    );
};

// `chatelaine machine`

import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { ListOptions } from '../machine/list.ts';
import { machineStates } from '../machine/machine-states.ts';
import type { MachineTokenOptions } from '../machine/token.ts';
import { action } from './action.ts';
import { registerMachineEnrolment } from './machine-enrolment.ts';
import { MACHINE_NAME } from './machine-name.ts';
import { registerMachineRules } from './machine-rules.ts';

type Json = GlobalOptions & { json?: boolean };

export const registerMachine = (program: Command): void => {
  const machine = program.command('machine').description('machines that may be given a disk password');
  registerMachineEnrolment(machine);
  registerMachineRules(machine);
  machine
    .command('list')
    .summary('list the machines')
    .description('Lists the machines: their state, the time that is left of it, and when they were last alive.')
    .addOption(new Option('--state <STATE>', 'only those of this state').choices(machineStates))
    .option('--json', 'print JSON')
    .action(action<ListOptions>(async (options) => (await import('../machine/list.ts')).listMachines(options)));
  machine
    .command('show')
    .description('show one machine, never its secret')
    .argument('<NAME>', MACHINE_NAME)
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
    .argument('<NAME>', MACHINE_NAME)
    .option('--json', 'print JSON')
    .action(
      action<Json>(async (options, name = '') => (await import('../machine/why.ts')).explainMachine(name, options)),
    );
  machine
    .command('enable')
    .description('let a machine have its secret again')
    .argument('<NAME>', MACHINE_NAME)
    .action(
      action<GlobalOptions>(async (options, name = '') =>
        (await import('../machine/change.ts')).enableMachine(name, options),
      ),
    );
  machine
    .command('disable')
    .description('cut a machine off until a person enables it')
    .argument('<NAME>', MACHINE_NAME)
    .action(
      action<GlobalOptions>(async (options, name = '') =>
        (await import('../machine/change.ts')).disableMachine(name, options),
      ),
    );
  machine
    .command('check')
    .summary('have a machine looked at now')
    .description('Has a machine looked at now, without waiting for its turn.')
    .argument('<NAME>', MACHINE_NAME)
    .option('--stop', 'stop the check that runs instead')
    .action(
      action<GlobalOptions & { stop?: boolean }>(async (options, name = '') =>
        (await import('../machine/check.ts')).checkMachine(name, options),
      ),
    );
  machine
    .command('token')
    .summary('on a machine: get a token for it at a server')
    .description(
      'Run on a machine: proves its key to a server (--server) and prints a token, with which it is "machine:NAME" to the HTTP ' +
        'API for some minutes, as long as it is enabled and alive. With a COMMAND nothing is printed: the command finds the ' +
        'token in the file that $CHATELAINE_TOKEN_FILE names, always a fresh one, and ends it with its own end.',
    )
    .argument('[COMMAND...]', 'a command and its arguments, after --')
    .requiredOption('--key <FILE>', 'its TLS key, or its heartbeat key if it has one: PEM')
    .option('--name <NAME>', 'as it is enrolled (default: the name of this host)')
    .option('--life <DURATION>', 'how long a token is good, 1h at most (default: 15m)')
    .option('--fingerprint <SHA256>', 'of the certificate of the server (default: the system trusts it)')
    .option('--store <ID>', 'sign for this store alone: its id, as "chatelaine init" says it')
    .action(
      action<MachineTokenOptions>(async (options, ...command) =>
        (await import('../machine/token.ts')).machineToken(command, options),
      ),
    );
  machine
    .command('vouch')
    .summary('say that a machine is alive')
    .description('Counts as a successful check: you say that the machine is alive. Does not enable it.')
    .argument('<NAME>', MACHINE_NAME)
    .action(
      action<GlobalOptions>(async (options, name = '') =>
        (await import('../machine/check.ts')).vouchForMachine(name, options),
      ),
    );
};

// `chatelaine machine set | harden | rule`: how machines are treated.

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import type { HardenOptions } from '../machine/harden.ts';
import type { SetRuleOptions } from '../machine/rules.ts';
import type { SetOptions } from '../machine/set.ts';
import { action } from './action.ts';
import { MACHINE_NAME } from './machine-name.ts';
import { withApprovalOptions, withSettingsOptions, withTypeOption } from './settings-options.ts';

const BRANCH = 'a branch of the tree, such as zurich/rack1; "/" is all machines';

const registerRules = (machine: Command): void => {
  const rule = machine.command('rule').description('conditions and types for whole branches of the tree of machines');
  const set = rule
    .command('set')
    .summary('set the conditions and type of a branch')
    .description(
      'Sets the conditions and type of every machine below a branch; replaces the earlier rule of that branch.',
    )
    .argument('<BRANCH>', BRANCH);
  withTypeOption(withApprovalOptions(set)).action(
    action<SetRuleOptions>(async (options, branch = '') =>
      (await import('../machine/rules.ts')).setRule(branch, options),
    ),
  );
  rule
    .command('remove')
    .description('remove the rule of a branch')
    .argument('<BRANCH>', BRANCH)
    .action(
      action<GlobalOptions>(async (options, branch = '') =>
        (await import('../machine/rules.ts')).removeRule(branch, options),
      ),
    );
  rule
    .command('list')
    .description('list all rules')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../machine/rules.ts')).listRules(options),
      ),
    );
};

export const registerMachineRules = (machine: Command): void => {
  const set = machine
    .command('set')
    .summary('change settings of a machine')
    .description('Changes settings of a machine; what is not named stays.')
    .argument('<NAME>', MACHINE_NAME);
  withSettingsOptions(set, false)
    .option('--json', 'print JSON')
    .action(
      action<SetOptions>(async (options, name = '') => (await import('../machine/set.ts')).setMachine(name, options)),
    );
  machine
    .command('harden')
    .summary('put machines that came from Mandos under the strict rules')
    .description(
      "Puts machines that were taken over with Mandos's looser rules of liveness under the strict ones. Shows what " +
        'changes, rule by rule, then asks.',
    )
    .argument('[NAME]', MACHINE_NAME)
    .option('--all', 'every machine that is not under them yet')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(
      action<HardenOptions>(async (options, name) =>
        (await import('../machine/harden.ts')).hardenMachines(name, options),
      ),
    );
  registerRules(machine);
};

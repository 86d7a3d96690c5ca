// `chatelaine policy`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import { action } from './action.ts';

export const registerPolicy = (program: Command): void => {
  const policy = program.command('policy').description('who may do what');
  policy
    .command('test')
    .summary('explain whether somebody may do something')
    .description('Explains whether a principal may use a capability on a path. Ends with 1 if not. Changes nothing.')
    .argument('<WHO>', 'such as gate:gate')
    .argument('<CAPABILITY>', 'such as machines.fetch')
    .argument('<PATH>', 'such as web1')
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options, who = '', capability = '', path = '') =>
        (await import('../keep/policy.ts')).testPolicy(who, capability, path, options),
      ),
    );
};

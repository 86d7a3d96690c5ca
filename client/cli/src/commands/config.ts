// `chatelaine config`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import { action } from './action.ts';

export const registerConfig = (program: Command): void => {
  const config = program.command('config').description('the configuration file');
  config
    .command('check')
    .summary('check the configuration')
    .description(
      'Checks the configuration with the modules and fronts that it names. What is wrong is named with its line.',
    )
    .option('--json', 'print JSON')
    .action(
      action<GlobalOptions & { json?: boolean }>(async (options) =>
        (await import('../house/check-config.ts')).checkConfig(options),
      ),
    );
};

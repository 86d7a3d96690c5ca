// `chatelaine init`

import type { Command } from 'commander';
import type { InitOptions } from '../house/init.ts';
import { action } from './action.ts';

export const registerInit = (program: Command): void => {
  program
    .command('init')
    .summary('set up a real instance, once')
    .description(
      'As root: writes the configuration if there is none, makes the directories, the keys of the link, and the store ' +
        'with its first key slot. The pass phrase comes from a prompt, or from stdin. The accounts must exist.',
    )
    .option('--key-file <FILE>', 'open the store with the bytes of this file instead of a pass phrase')
    .option('--label <TEXT>', 'what to call the key slot')
    .option('--complete', 'only make what an instance of an earlier version lacks; done if that is nothing')
    .option('--json', 'print the ids of the store as JSON')
    .action(action<InitOptions>(async (options) => (await import('../house/init.ts')).initInstance(options)));
};

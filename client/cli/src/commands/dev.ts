// `chatelaine dev`

import type { Command } from 'commander';
import type { DevOptions } from '../house/dev.ts';
import { action } from './action.ts';

export const registerDev = (program: Command): void => {
  program
    .command('dev')
    .summary('start an embedded instance for trying out')
    .description(
      'Starts the keep and its peers on a store of their own, for trying out. Prints one line of JSON when they are ready, and ' +
        'stops them at SIGTERM or Ctrl-C. Without --dir a new directory is made; with it, one that dev made before is used again.',
    )
    .option(
      '--mandos <ADDR:PORT>',
      'where machines ask; port 0 is any free one (default for a new directory: 127.0.0.1:0)',
    )
    .option('--bus <ADDRESS>', 'also show the machines to mandos-ctl on this message bus (unix:path=/run/dbus/...)')
    .option(
      '--http <ADDR:PORT>',
      'where the HTTP API listens without TLS; port 0 is any free one (default for a new directory: 127.0.0.1:0)',
    )
    .action(action<DevOptions>(async (options) => (await import('../house/dev.ts')).runDevInstance(options)));
};

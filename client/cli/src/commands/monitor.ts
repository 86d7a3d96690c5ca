// `chatelaine monitor`

import type { Command } from 'commander';
import type { MonitorOptions } from '../monitor/monitor.ts';
import { action } from './action.ts';

export const registerMonitor = (program: Command): void => {
  program
    .command('monitor')
    .summary('watch all machines on a screen')
    .description(
      'A screen of all machines: their state, the time that is left of it, their last sign of life and the last decision ' +
        'about them, who waits for a person, and what happens. Keys find, sort, approve and change; ? explains them.',
    )
    .option('--as <NAME>', 'who signs approvals (default: whose key it is); without --key an agent holds the key')
    .option('--key <FILE>', 'the key that approvals are signed with')
    .action(
      action<MonitorOptions>(async (options) => (await import('../monitor/monitor.ts')).monitorMachines(options)),
    );
};

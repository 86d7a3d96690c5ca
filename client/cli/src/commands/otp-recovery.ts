// `chatelaine otp recovery`

import type { Command } from 'commander';
import type { GlobalOptions } from '../instance/config-file.ts';
import { action } from './action.ts';

export const registerRecovery = (otp: Command): void => {
  type Options = GlobalOptions & { json?: boolean; yes?: boolean };
  const recovery = otp.command('recovery').description('codes on paper, for the day on which devices are lost');
  recovery
    .command('make')
    .summary('make new codes')
    .description('Makes ten new codes in place of those that there were, and prints them, this once. Each counts once.')
    .argument('<USER>')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(action<Options>(async (options, user = '') => (await import('../otp/recovery.ts')).make(user, options)));
  recovery
    .command('status')
    .description('tell how many codes are left')
    .argument('<USER>')
    .option('--json', 'print JSON')
    .action(action<Options>(async (options, user = '') => (await import('../otp/recovery.ts')).status(user, options)));
  recovery
    .command('remove')
    .description('remove all codes')
    .argument('<USER>')
    .option('-y, --yes', 'do not ask')
    .action(action<Options>(async (options, user = '') => (await import('../otp/recovery.ts')).remove(user, options)));
};

// The checkers' helper: runs what the watch orders, under an account of its own, and says how it ended. Started by the watch,
// it gives up root before it takes an order; it has no key, and no descriptor but the two over which the watch speaks to it.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 4 wrong settings.

import { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { AccountError, becomeAccount, hardenProcess, loadConfig, onStopSignals, runProcess } from '@chatelaine/process';
import { type WatchConfig, watchConfig } from '../watch-config.ts';
import { limitProcesses } from './limit-processes.ts';
import { serveOrders } from './serve-orders.ts';

const usage = `usage: check [--config FILE]

Started by the watch, never by a person: takes orders on standard input and answers on standard output.
`;

/** Of the account, ours and those of all checkers together. */
const MOST_PROCESSES = 8_192;

/** Checkers must not be able to knock at the keep's socket, so they are not in the group that may. */
const dropPrivileges = ({ watch, group, purpose }: WatchConfig): void => {
  if (purpose === 'production' && watch.check_group === group) {
    throw new AccountError(`watch.check_group must not be ${group}, which may connect to the keep`);
  }
  becomeAccount({ account: watch.check_account, group: watch.check_group, purpose, mayPing: true });
};

const run = async (): Promise<number> => {
  const given = parseArgs({ options: { config: { type: 'string' }, help: { type: 'boolean' } } }).values;
  if (given.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const config = loadConfig(given.config, watchConfig);
  hardenProcess();
  process.chdir('/');
  dropPrivileges(config);
  // In development the account is a person's own.
  if (config.purpose === 'production') limitProcesses(MOST_PROCESSES);
  const input = new Socket({ fd: 0, readable: true, writable: false });
  const output = new Socket({ fd: 1, readable: false, writable: true });
  // The watch ends us by closing our input; being asked by anybody else comes to the same.
  onStopSignals(() => {
    input.destroy();
  });
  await serveOrders(input, output);
  output.end();
  return 0;
};

await runProcess({ name: 'check', run });

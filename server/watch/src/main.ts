// The watch's process: hardens itself, starts its helper or finds it, gives up root, and then looks whether machines are alive.
// It can say so to the keep and nothing else.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 4 wrong settings.

import { parseArgs } from 'node:util';
import { PeerKeyFileError } from '@chatelaine/link';
import { createLog, defaultConfigPath, hardenProcess, leaveRoot, loadConfig, runProcess } from '@chatelaine/process';
import { CheckersHelper, HelperEndedError } from './checkers-helper.ts';
import { connectToHelper, startHelper } from './helper-line.ts';
import { serveWatch } from './serve-watch.ts';
import { type WatchConfig, watchConfig } from './watch-config.ts';

const usage = `usage: watch [--config FILE] [--checkers SOCKET] [--check-config] [--ready-fd N]

  --config FILE    settings, here ${defaultConfigPath()}
  --checkers SOCKET
                   where the service manager runs the process that starts checkers; without it the watch starts one itself
  --check-config   check the settings and end: 0 good, 4 wrong
  --ready-fd N     write one JSON line to file descriptor N when ready
`;

const options = {
  config: { type: 'string' },
  checkers: { type: 'string' },
  'check-config': { type: 'boolean' },
  'ready-fd': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Leaves root behind, with the directory for the PID file made before. */
const dropPrivileges = ({ watch, group, purpose }: WatchConfig): void =>
  leaveRoot({ account: watch.account, group, purpose }, [watch.pid_file]);

const run = async (): Promise<number> => {
  const given = parseArgs({ options }).values;
  if (given.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const config = loadConfig(given.config, watchConfig);
  if (given['check-config'] === true) return 0;
  hardenProcess();
  // Before anything else is open, and while there is root to give up for another account.
  const line = given.checkers === undefined ? startHelper(config.file) : connectToHelper(given.checkers);
  const helper = new CheckersHelper(line);
  try {
    dropPrivileges(config);
    const log = createLog({ process: 'watch', ...config.log });
    const readyFd = given['ready-fd'] === undefined ? undefined : Number(given['ready-fd']);
    await serveWatch({ config, helper, log, readyFd });
  } finally {
    await helper.close();
  }
  return 0;
};

await runProcess({ name: 'watch', plainErrors: [HelperEndedError, PeerKeyFileError], run });

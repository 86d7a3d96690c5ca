// The courier's process: hardens itself, reads its settings, gives up root, and then carries notices out of the house. It holds
// no key but the one that names it to the keep, and no notice ever carries a secret.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 4 wrong settings.

import { parseArgs } from 'node:util';
import { PeerKeyFileError } from '@chatelaine/link';
import { createLog, defaultConfigPath, hardenProcess, leaveRoot, loadConfig, runProcess } from '@chatelaine/process';
import { type CourierConfig, courierConfig } from './courier-config.ts';
import { serveCourier } from './serve-courier.ts';

const usage = `usage: courier [--config FILE] [--check-config] [--ready-fd N]

  --config FILE    settings, here ${defaultConfigPath()}
  --check-config   check the settings and end: 0 good, 4 wrong
  --ready-fd N     write one JSON line to file descriptor N when ready
`;

const options = {
  config: { type: 'string' },
  'check-config': { type: 'boolean' },
  'ready-fd': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Leaves root behind, with the directory for the PID file made before. */
const dropPrivileges = ({ courier, group, purpose }: CourierConfig): void =>
  leaveRoot({ account: courier.account, group, purpose }, [courier.pid_file]);

const run = async (): Promise<number> => {
  const given = parseArgs({ options }).values;
  if (given.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const config = loadConfig(given.config, courierConfig);
  if (given['check-config'] === true) return 0;
  hardenProcess();
  dropPrivileges(config);
  const log = createLog({ process: 'courier', ...config.log });
  const readyFd = given['ready-fd'] === undefined ? undefined : Number(given['ready-fd']);
  await serveCourier({ config, log, readyFd });
  return 0;
};

await runProcess({ name: 'courier', plainErrors: [PeerKeyFileError], run });

// The bridge's process: hardens itself, reads its settings, gives up root, and then shows the machines to Mandos's own tools on
// the system bus. It holds no key but the one that names it to the keep.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 4 wrong settings.

import { parseArgs } from 'node:util';
import { PeerKeyFileError } from '@chatelaine/link';
import { createLog, defaultConfigPath, hardenProcess, leaveRoot, loadConfig, runProcess } from '@chatelaine/process';
import { type BusConfig, busConfig } from './bus-config.ts';
import { serveBus } from './serve-bus.ts';
import { BusError } from './wire/authenticate.ts';
import { parseBusAddress } from './wire/bus-address.ts';

const usage = `usage: bus [--config FILE] [--address ADDRESS] [--check-config] [--ready-fd N]

  --config FILE      settings, here ${defaultConfigPath()}
  --address ADDRESS  the message bus, instead of the one that the settings name
  --check-config     check the settings and end: 0 good, 4 wrong
  --ready-fd N       write one JSON line to file descriptor N when ready
`;

const options = {
  config: { type: 'string' },
  address: { type: 'string' },
  'check-config': { type: 'boolean' },
  'ready-fd': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Leaves root behind, with the directory for the PID file made before. */
const dropPrivileges = ({ bus, group, purpose }: BusConfig): void =>
  leaveRoot({ account: bus.account, group, purpose }, [bus.pid_file]);

const run = async (): Promise<number> => {
  const given = parseArgs({ options }).values;
  if (given.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  if (given.address !== undefined && parseBusAddress(given.address) === undefined) {
    process.stderr.write('bus: --address must be an address of a bus on this machine, as unix:path=/run/bus\n');
    return 2;
  }
  const config = loadConfig(given.config, busConfig);
  if (given['check-config'] === true) return 0;
  hardenProcess();
  dropPrivileges(config);
  const log = createLog({ process: 'bus', ...config.log });
  const readyFd = given['ready-fd'] === undefined ? undefined : Number(given['ready-fd']);
  await serveBus({ config, address: given.address ?? config.bus.address, log, readyFd });
  return 0;
};

await runProcess({ name: 'bus', plainErrors: [BusError, PeerKeyFileError], run });

// The gate's process: hardens itself, reads its settings, gives up root, and then serves its fronts. It faces the network and
// holds no key but the one that names it to the keep.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 4 wrong settings.

import { parseArgs } from 'node:util';
import { PeerKeyFileError } from '@chatelaine/link';
import { createLog, defaultConfigPath, hardenProcess, leaveRoot, loadConfig, runProcess } from '@chatelaine/process';
import { GnutlsMissingError } from '@chatelaine/rawtls';
import { CertificateError } from './fronts/http/certificate.ts';
import { knownFronts } from './fronts/index.ts';
import { type GateConfig, gateConfigFor } from './gate-config.ts';
import { ListenError } from './listen-address.ts';
import { prepareFronts, serveGate } from './serve-gate.ts';

const usage = `usage: gate [--config FILE] [--check-config | --prepare] [--ready-fd N]

  --config FILE    settings, here ${defaultConfigPath()}
  --check-config   check the settings and end: 0 good, 4 wrong
  --prepare        make what the fronts keep and lack, print one JSON line about it, and end
  --ready-fd N     write one JSON line to file descriptor N when ready
`;

const options = {
  config: { type: 'string' },
  'check-config': { type: 'boolean' },
  prepare: { type: 'boolean' },
  'ready-fd': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Leaves root behind, with the directory for the PID file made before. */
const dropPrivileges = ({ gate, group, purpose }: GateConfig): void =>
  leaveRoot({ account: gate.account, group, purpose, mayBindLowPorts: true }, [gate.pid_file]);

const run = async (): Promise<number> => {
  const given = parseArgs({ options }).values;
  if (given.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const config = loadConfig(given.config, gateConfigFor(knownFronts));
  if (given['check-config'] === true) return 0;
  hardenProcess();
  dropPrivileges(config);
  if (given.prepare === true) {
    process.stdout.write(`${JSON.stringify(await prepareFronts(config, knownFronts))}\n`);
    return 0;
  }
  const log = createLog({ process: 'gate', ...config.log });
  const readyFd = given['ready-fd'] === undefined ? undefined : Number(given['ready-fd']);
  await serveGate({ config, fronts: knownFronts, log, readyFd });
  return 0;
};

await runProcess({
  name: 'gate',
  plainErrors: [CertificateError, GnutlsMissingError, ListenError, PeerKeyFileError],
  run,
});

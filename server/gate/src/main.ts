// The gate's process: hardens itself, reads its settings, gives up root, and then serves its fronts. It faces the network and
// holds no key but the one that names it to the keep.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 4 wrong settings.

import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { PeerKeyFileError } from '@chatelaine/link';
import {
  AccountError,
  AlreadyRunningError,
  becomeAccount,
  ConfigError,
  createLog,
  defaultConfigPath,
  hardenProcess,
  loadConfig,
  preparedRuntimeDirectory,
  resolveAccount,
  withoutNewPrivileges,
} from '@chatelaine/process';
import { GnutlsMissingError } from '@chatelaine/rawtls';
import { knownFronts } from './fronts/index.ts';
import { type GateConfig, gateConfigFor } from './gate-config.ts';
import { ListenError } from './listen-address.ts';
import { serveGate } from './serve-gate.ts';

const usage = `usage: gate [--config FILE] [--check-config] [--ready-fd N]

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

/** What a person can mend, in words; anything else is shown with its place in the program. */
const plainErrors = [AccountError, AlreadyRunningError, ConfigError, GnutlsMissingError, ListenError, PeerKeyFileError];

/** Leaves root behind, with the directory for the PID file made before. */
const dropPrivileges = ({ gate, group, purpose }: GateConfig): void => {
  const settings = { account: gate.account, group, purpose };
  preparedRuntimeDirectory(dirname(gate.pid_file), resolveAccount(settings));
  becomeAccount(settings);
};

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
  hardenProcess();
  const log = createLog({ process: 'gate', ...config.log });
  const readyFd = given['ready-fd'] === undefined ? undefined : Number(given['ready-fd']);
  await serveGate({ config, fronts: knownFronts, log, readyFd });
  return 0;
};

const isUsageError = (error: unknown): boolean =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

const explain = (error: unknown): number => {
  // A file or address that the system refuses is named in the error's own words.
  const isOfSystem = error instanceof Error && 'syscall' in error;
  const isPlain = isOfSystem || isUsageError(error) || plainErrors.some((known) => error instanceof known);
  const text = error instanceof Error ? (isPlain ? error.message : (error.stack ?? error.message)) : 'failed';
  process.stderr.write(`${error instanceof ConfigError ? '' : 'gate: '}${text}\n`);
  if (error instanceof ConfigError) return 4;
  return isUsageError(error) ? 2 : 1;
};

withoutNewPrivileges();
process.exitCode = await run().catch(explain);

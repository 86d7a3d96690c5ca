// The keep's process: hardens itself, reads its settings, gives up root, and then makes a new store (`--init`) or serves.
// Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 4 wrong settings.

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import {
  becomeAccount,
  createLog,
  defaultConfigPath,
  hardenProcess,
  loadConfig,
  preparedRuntimeDirectory,
  resolveAccount,
  runProcess,
} from '@chatelaine/process';
import { StoreError } from '@chatelaine/store';
import { initKeep } from './init-keep.ts';
import { type KeepConfig, keepConfig } from './keep-config.ts';
import { ModuleLoadError, orderModules } from './kernel/module-loader.ts';
import { knownModules } from './modules/index.ts';
import { serveKeep } from './serve-keep.ts';

const usage = `usage: keep [--config FILE] [--check-config | --init pass-phrase|key-file [--label TEXT]] [--ready-fd N]

  --config FILE    settings, here ${defaultConfigPath()}
  --check-config   check the settings and end: 0 good, 4 wrong
  --init KIND      make a new store, opened by the secret on standard input, and end
  --label TEXT     what to call that first key slot
  --ready-fd N     write one JSON line to file descriptor N when ready
`;

const options = {
  config: { type: 'string' },
  'check-config': { type: 'boolean' },
  init: { type: 'string' },
  label: { type: 'string' },
  'ready-fd': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Leaves root behind, with the directory for socket and PID file made before. */
const dropPrivileges = ({ keep, group, purpose }: KeepConfig): void => {
  const settings = { account: keep.account, group, purpose };
  const account = resolveAccount(settings);
  for (const file of [keep.socket, keep.pid_file]) preparedRuntimeDirectory(dirname(file), account);
  becomeAccount(settings);
};

const run = async (): Promise<number> => {
  const given = parseArgs({ options }).values;
  if (given.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const config = loadConfig(given.config, keepConfig);
  orderModules(knownModules, config.keep.modules);
  if (given['check-config'] === true) return 0;
  hardenProcess();
  const isNew = given.init !== undefined;
  // Read while still root: the key file need not be readable for the keep's own account.
  const keyFile = isNew ? undefined : config.keep.unseal_key_file;
  const unsealKey = keyFile === undefined ? undefined : readFileSync(keyFile);
  dropPrivileges(config);
  if (isNew) return await initKeep(config, given.init ?? '', given.label ?? 'first');
  const log = createLog({ process: 'keep', ...config.log });
  const readyFd = given['ready-fd'] === undefined ? undefined : Number(given['ready-fd']);
  return await serveKeep({ config, log, unsealKey, readyFd });
};

await runProcess({ name: 'keep', settingErrors: [ModuleLoadError], plainErrors: [StoreError], run });

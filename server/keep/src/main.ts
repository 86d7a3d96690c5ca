// The keep's process: hardens itself, reads its settings, gives up root, and then makes a new store (`--init`), checks the
// settings (`--check-config`) or serves. See docs/processes.md for options and exit codes.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  becomeAccount,
  ConfigError,
  createLog,
  defaultConfigPath,
  hardenProcess,
  keepTable,
  loadConfig,
  withoutNewPrivileges,
} from '@chatelaine/process';
import { StoreError } from '@chatelaine/store';
import { z } from 'zod';
import { initKeep } from './init-keep.ts';
import { ModuleLoadError, orderModules } from './kernel/module-loader.ts';
import { knownModules } from './modules/index.ts';
import { serveKeep } from './serve-keep.ts';

const usage = `usage: keep [--config FILE] [--check-config | --init pass-phrase|key-file [--label TEXT]] [--ready-fd N]

  --config FILE    settings, by default ${defaultConfigPath()}
  --check-config   check the settings and end: 0 good, 4 wrong
  --init KIND      make a new store, opened by the secret on standard input, and end
  --label TEXT     what to call that first key slot
  --ready-fd N     write one JSON line to file descriptor N when ready
`;

const parse = () =>
  parseArgs({
    options: {
      config: { type: 'string' },
      'check-config': { type: 'boolean' },
      init: { type: 'string' },
      label: { type: 'string' },
      'ready-fd': { type: 'string' },
      help: { type: 'boolean' },
    },
  }).values;

const complain = (text: string): void => {
  process.stderr.write(`keep: ${text}\n`);
};

const run = async (): Promise<number> => {
  const options = parse();
  if (options.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const config = loadConfig(options.config ?? defaultConfigPath(), z.object({ keep: keepTable }));
  orderModules(knownModules, config.keep.modules);
  if (options['check-config'] === true) return 0;
  hardenProcess();
  // Read while still root: the key file need not be readable for the keep's own account.
  const keyFile = config.keep.unseal_key_file;
  const unsealKey = keyFile === undefined || options.init !== undefined ? undefined : readFileSync(keyFile);
  becomeAccount({ account: config.keep.account, group: config.group, purpose: config.purpose });
  if (options.init !== undefined) return await initKeep(config, options.init, options.label ?? 'first');
  const log = createLog({ process: 'keep', ...config.log });
  const readyFd = options['ready-fd'] === undefined ? undefined : Number(options['ready-fd']);
  return await serveKeep({ config, log, unsealKey, readyFd });
};

try {
  withoutNewPrivileges();
  process.exitCode = await run();
} catch (error) {
  const isSetting = error instanceof ConfigError || error instanceof ModuleLoadError;
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (isSetting || isUsage || error instanceof StoreError) complain(error.message);
  else complain(error instanceof Error ? (error.stack ?? error.message) : 'failed');
  process.exitCode = isSetting ? 4 : isUsage ? 2 : 1;
}

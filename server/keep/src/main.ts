// The keep's process: hardens itself, reads its settings, gives up root, and then makes a new store (`--init`) or serves.
// Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 4 wrong settings.

import { mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createLog, defaultConfigPath, hardenProcess, leaveRoot, loadConfig, runProcess } from '@chatelaine/process';
import { StoreError } from '@chatelaine/store';
import { type HostCredentials, readHostCredentials } from './host-credentials.ts';
import { initKeep } from './init-keep.ts';
import { checkModuleFiles, checkModuleSettings, type KeepConfig, keepConfig } from './keep-config.ts';
import { ModuleLoadError, orderModules } from './kernel/module-loader.ts';
import { knownModules } from './modules/index.ts';
import { restoreKeep } from './restore-keep.ts';
import { serveKeep } from './serve-keep.ts';

const usage = `usage: keep [--config FILE] [--check-config | --init pass-phrase|key-file [--label TEXT]] [--ready-fd N]

  --config FILE    settings, here ${defaultConfigPath()}
  --check-config   check the settings and end: 0 good, 4 wrong
  --init KIND      make a new store, opened by the secret on standard input, and end
  --label TEXT     what to call that first key slot
  --check-backup FILE --slot KIND
                   open a backup with a key slot, check everything in it, say what it is, and end
  --restore FILE --slot KIND --to DIR [--anchor FILE] [--older]
                   the same, and then put it into DIR in place of the store there (anchor: DIR/anchor); --older: also
                   if the anchor there knows more of the same store
  --ready-fd N     write one JSON line to file descriptor N when ready
`;

const options = {
  config: { type: 'string' },
  'check-config': { type: 'boolean' },
  init: { type: 'string' },
  label: { type: 'string' },
  'check-backup': { type: 'string' },
  restore: { type: 'string' },
  slot: { type: 'string' },
  to: { type: 'string' },
  anchor: { type: 'string' },
  older: { type: 'boolean' },
  'ready-fd': { type: 'string' },
  help: { type: 'boolean' },
} as const;

type Given = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

/** Leaves root behind, with the directory for socket and PID file made before. */
const dropPrivileges = ({ keep, group, purpose }: KeepConfig): void =>
  leaveRoot({ account: keep.account, group, purpose }, [keep.socket, keep.pid_file]);

/** Becomes the owner of a directory, so that what is made in it is theirs and a bad backup meets no more than they may. */
const becomeOwnerOf = (directory: string): void => {
  const { uid, gid } = statSync(directory);
  if (process.geteuid?.() !== 0 || uid === 0) return;
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
};

const restore = async (given: Given): Promise<number> => {
  const file = given.restore ?? given['check-backup'] ?? '';
  const slotKind = given.slot ?? 'pass-phrase';
  hardenProcess();
  const fd = openSync(file, 'r');
  if (given.restore === undefined) return await restoreKeep({ fd, slotKind });
  if (given.to === undefined) throw new RangeError('--restore needs --to DIR');
  const directory = resolve(given.to);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  becomeOwnerOf(directory);
  return await restoreKeep({
    fd,
    slotKind,
    to: { directory, anchor: resolve(given.anchor ?? join(directory, 'anchor')), mayBeOlder: given.older === true },
  });
};

const run = async (): Promise<number> => {
  const given = parseArgs({ options }).values;
  if (given.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  if (given.restore !== undefined || given['check-backup'] !== undefined) return await restore(given);
  const config = loadConfig(given.config, keepConfig);
  orderModules(knownModules, config.keep.modules);
  checkModuleSettings(config);
  if (given['check-config'] === true) {
    checkModuleFiles(config);
    return 0;
  }
  hardenProcess();
  const isNew = given.init !== undefined;
  // Read while still root: the key file need not be readable for the keep's own account.
  const keyFile = isNew ? undefined : config.keep.unseal_key_file;
  const unsealKey = keyFile === undefined ? undefined : readFileSync(keyFile);
  const noCredentials: HostCredentials = { secrets: [], problems: [] };
  const credentials = isNew ? noCredentials : await readHostCredentials(config.keep.directory);
  dropPrivileges(config);
  if (isNew) return await initKeep(config, given.init ?? '', given.label ?? 'first');
  const log = createLog({ process: 'keep', ...config.log });
  const readyFd = given['ready-fd'] === undefined ? undefined : Number(given['ready-fd']);
  return await serveKeep({ config, log, unsealKey, credentials, readyFd });
};

await runProcess({ name: 'keep', settingErrors: [ModuleLoadError], plainErrors: [StoreError], run });

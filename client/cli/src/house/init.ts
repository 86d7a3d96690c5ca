// `chatelaine init`: sets a real instance up, once. Nothing of a store that is there is ever touched.

import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Account,
  AccountError,
  defaultConfigPath,
  preparedPrivateDirectory,
  resolveAccount,
} from '@chatelaine/process';
import { Failure } from '../failure.ts';
import { chooseConfigFile, type GlobalOptions } from '../instance/config-file.ts';
import { readWholeConfig, type WholeConfig } from '../instance/read-config.ts';
import { printJson, say } from '../terminal/output.ts';
import { readPassPhrase, readSecretFile } from '../terminal/secret-input.ts';
import { writeDefaultConfig } from './default-config.ts';
import { makeLinkKeys } from './link-keys.ts';
import { hasStore, makeStore } from './make-store.ts';

const ROOT: Account = { name: 'root', uid: 0, gid: 0 };

export interface InitOptions extends GlobalOptions {
  readonly keyFile?: string;
  readonly label?: string;
  readonly json?: boolean;
}

const accountOf = (config: WholeConfig, account: string): Account => {
  try {
    return resolveAccount({ account, group: config.group, purpose: config.purpose });
  } catch (error) {
    if (error instanceof AccountError) throw new Failure('configuration', `${error.message}.`);
    throw error;
  }
};

/** Everything that can be found wrong before anybody is asked for a pass phrase. */
const check = async (options: InitOptions): Promise<{ readonly file: string; readonly config: WholeConfig }> => {
  if (process.geteuid?.() !== 0) throw new Failure('refused', 'Only root can set Chatelaine up.');
  const file = chooseConfigFile(options) ?? defaultConfigPath();
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    if (await writeDefaultConfig(file)) say(`${file} is written.`);
  } catch (error) {
    throw new Failure('configuration', `${file} cannot be written: ${(error as NodeJS.ErrnoException).code}.`);
  }
  const config = readWholeConfig(file);
  if (config.purpose !== 'production') {
    throw new Failure('configuration', `${file} says purpose = "development".`, 'For trying out: chatelaine dev');
  }
  if (hasStore(config.keep.directory)) {
    const text = `There is a store in ${config.keep.directory}; nothing was changed.`;
    throw new Failure('refused', text, 'To open it: start the keep, then chatelaine unseal');
  }
  return { file, config };
};

const makeDirectories = (config: WholeConfig, keep: Account, gate: Account): void => {
  preparedPrivateDirectory(config.keep.directory, keep);
  preparedPrivateDirectory(join(config.keep.directory, 'link'), keep);
  preparedPrivateDirectory(dirname(config.keep.anchor), keep);
  preparedPrivateDirectory(config.gate.directory, gate);
};

const readFirstSecret = async (keyFile: string | undefined): Promise<Buffer> =>
  keyFile === undefined ? await readPassPhrase({ name: 'pass phrase', isNew: true }) : await readSecretFile(keyFile);

export const initInstance = async (options: InitOptions): Promise<void> => {
  const { file, config } = await check(options);
  const keep = accountOf(config, config.keep.account);
  const gate = accountOf(config, config.gate.account);
  if (process.stdin.isTTY && options.keyFile === undefined) say('The pass phrase opens the keep after every start.');
  const secret = await readFirstSecret(options.keyFile);
  try {
    makeDirectories(config, keep, gate);
    await makeLinkKeys({
      keepDirectory: join(config.keep.directory, 'link'),
      keep,
      gateKey: join(config.gate.directory, 'link.key'),
      gate,
      adminKey: config.admin.link_key,
      admin: ROOT,
    });
    const kind = options.keyFile === undefined ? 'pass-phrase' : 'key-file';
    const made = await makeStore(file, config.keep, { kind, secret, label: options.label ?? 'first' });
    if (options.json === true) return await printJson(made);
    say(`The store ${made.storeId} is made, its root key is ${made.rootKeyId}.`);
    say('Start the keep and the gate, then: chatelaine unseal');
  } finally {
    secret.fill(0);
  }
};

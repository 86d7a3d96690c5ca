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
import { runHouseProcess } from './house-process.ts';
import { LINK_KEY_FILE, type PeerName, peerNames } from './house-processes.ts';
import { makeMissingLinkKeys } from './link-keys.ts';
import { hasStore, makeStore } from './make-store.ts';

const ROOT: Account = { name: 'root', uid: 0, gid: 0 };

export interface InitOptions extends GlobalOptions {
  readonly keyFile?: string;
  readonly label?: string;
  readonly complete?: boolean;
  readonly json?: boolean;
}

const accountOf = (config: WholeConfig, account: string, group = config.group): Account => {
  try {
    return resolveAccount({ account, group, purpose: config.purpose });
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
  const isMade = hasStore(config.keep.directory);
  if (options.complete === true && !isMade) {
    throw new Failure('refused', `There is no store in ${config.keep.directory} yet.`, 'Make it with: chatelaine init');
  }
  if (options.complete !== true && isMade) {
    const text = `There is a store in ${config.keep.directory}; nothing was changed.`;
    throw new Failure('refused', text, 'To open it: start the keep, then chatelaine unseal');
  }
  return { file, config };
};

/** Whom the directories and keys of an instance belong to. */
interface Owners {
  readonly keep: Account;
  readonly peers: readonly { readonly name: PeerName; readonly account: Account }[];
}

const ownersOf = (config: WholeConfig): Owners => {
  // Owns nothing, but has to be there.
  accountOf(config, config.watch.check_account, config.watch.check_group);
  return {
    keep: accountOf(config, config.keep.account),
    peers: peerNames.map((name) => ({ name, account: accountOf(config, config[name].account) })),
  };
};

/** The directories, and the keys of the link that are missing in them; gives whose those were. */
const makeKeys = async (config: WholeConfig, { keep, peers }: Owners): Promise<readonly string[]> => {
  const keepDirectory = join(config.keep.directory, 'link');
  for (const directory of [config.keep.directory, keepDirectory, dirname(config.keep.anchor)]) {
    preparedPrivateDirectory(directory, keep);
  }
  const places = peers.map(({ name, account }) => {
    const { directory } = config[name];
    preparedPrivateDirectory(directory, account);
    return { name, file: join(directory, LINK_KEY_FILE), owner: account };
  });
  const admin = { name: 'admin', file: config.admin.link_key, owner: ROOT } as const;
  return await makeMissingLinkKeys({ keepDirectory, keep, peers: [...places, admin] });
};

/** What an instance lacks that an earlier version made. */
const complete = async (config: WholeConfig, owners: Owners): Promise<void> => {
  const made = await makeKeys(config, owners);
  if (made.length > 0) say(`The keys of the link for ${made.join(' and ')} are made: start the keep again.`);
};

/** What the gate's fronts keep, made under its own account. */
const prepareFronts = async (file: string, config: WholeConfig): Promise<void> => {
  if (!config.gate.fronts.includes('http')) return;
  const { code, output } = await runHouseProcess('gate', ['--config', file, '--prepare']);
  if (code !== 0) throw new Failure(code === 4 ? 'configuration' : 'refused', 'The gate says above what is wrong.');
  const { fingerprint } = JSON.parse(output).http;
  if (fingerprint !== undefined) say(`The HTTP API shows a certificate with the SHA-256 fingerprint ${fingerprint}.`);
};

const readFirstSecret = async (keyFile: string | undefined): Promise<Buffer> =>
  keyFile === undefined ? await readPassPhrase({ name: 'pass phrase', isNew: true }) : await readSecretFile(keyFile);

export const initInstance = async (options: InitOptions): Promise<void> => {
  const { file, config } = await check(options);
  const owners = ownersOf(config);
  if (options.complete === true) {
    await complete(config, owners);
    return await prepareFronts(file, config);
  }
  if (process.stdin.isTTY && options.keyFile === undefined) say('The pass phrase opens the keep after every start.');
  const secret = await readFirstSecret(options.keyFile);
  try {
    await makeKeys(config, owners);
    await prepareFronts(file, config);
    const kind = options.keyFile === undefined ? 'pass-phrase' : 'key-file';
    const made = await makeStore(file, config.keep, { kind, secret, label: options.label ?? 'first' });
    if (options.json === true) return await printJson(made);
    say(`The store ${made.storeId} is made, its root key is ${made.rootKeyId}.`);
    say('Start the keep and its peers, then: chatelaine unseal');
  } finally {
    secret.fill(0);
  }
};

// The instance behind the server: a directory below statedir with configuration, keys, store and sockets. Its configuration is
// written anew at every start, from mandos.conf and the command line. Started by root, every process has its own account, as in
// a production server; else all stay with the one uid. Nothing of a store that is there is ever touched.

import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, preparedPrivateDirectory, preparedRuntimeDirectory, resolveAccount } from '@chatelaine/process';
import { Failure } from '../failure.ts';
import { LINK_KEY_FILE } from '../house/house-processes.ts';
import { makeMissingLinkKeys } from '../house/link-keys.ts';
import { hasStore, makeStore } from '../house/make-store.ts';
import { configFileIn } from '../instance/config-file.ts';
import { writeConfigured, writeWhole } from './configured.ts';
import type { ServerOptions } from './server-options.ts';

/** The peers of the keep that this server uses. */
export const peersUsed = ['watch', 'gate', 'bus'] as const;
type ProcessName = 'keep' | (typeof peersUsed)[number];

const UNSEAL_KEY_BYTES = 32;
/** sun_path of a UNIX socket, unix(7). */
const MAX_SOCKET_PATH_BYTES = 107;
const GROUP = 'chatelaine';
/** How long a request that is under way may take when the server is stopped. */
export const DRAIN_SECONDS = 5;

/** Where everything lies. */
export interface Instance {
  readonly directory: string;
  readonly configFile: string;
  /** What clients.conf said at the last start. */
  readonly configuredFile: string;
  /** Where Mandos's own server leaves its state, and where it goes when it was taken up. */
  readonly savedStateFile: string;
  readonly takenStateFile: string;
  readonly pidFileOf: (name: ProcessName | 'mandos') => string;
  readonly accountOf: (name: ProcessName) => Account;
}

const isRoot = (): boolean => process.geteuid?.() === 0;

const purpose = (): 'production' | 'development' => (isRoot() ? 'production' : 'development');

/** Where an instance is, whether or not it is made. */
export const instanceIn = (stateDirectory: string): Instance => {
  const directory = join(stateDirectory, 'chatelaine');
  return {
    directory,
    configFile: configFileIn(directory),
    configuredFile: join(directory, 'configured.json'),
    savedStateFile: join(stateDirectory, 'clients.pickle'),
    takenStateFile: join(directory, 'clients.pickle.taken'),
    pidFileOf: (name) => join(directory, 'run', name, `${name}.pid`),
    accountOf: (name) => resolveAccount({ account: `chatelaine-${name}`, group: GROUP, purpose: purpose() }),
  };
};

const configText = (instance: Instance, options: ServerOptions, listen: readonly string[]): string => {
  const text = JSON.stringify;
  const inside = (...parts: readonly string[]): string => text(join(instance.directory, ...parts));
  const { priority, serviceName, unsealKeyFile, isDebugging } = options;
  const log = isDebugging || (options.staysInForeground && !existsSync('/dev/log')) ? 'stderr' : 'syslog';
  const tables = peersUsed.map((name) => {
    const more = name === 'gate' ? `drain_seconds = ${DRAIN_SECONDS}\n` : '';
    return `\n[${name}]\ndirectory = ${inside(name)}\npid_file = ${text(instance.pidFileOf(name))}\n${more}`;
  });
  const bus = process.env['DBUS_SYSTEM_BUS_ADDRESS'];
  const unseal = unsealKeyFile === 'none' ? '' : `unseal_key_file = ${text(unsealKeyFile ?? keyFileIn(instance))}\n`;
  return `# Written by mandos at every start: what it is to do stands in mandos.conf.
purpose = "${purpose()}"

[log]
level = "${options.logLevel}"
target = "${log}"

[keep]
directory = ${inside('keep')}
anchor = ${inside('anchor', 'anchor')}
socket = ${inside('run', 'keep', 'keep.sock')}
pid_file = ${text(instance.pidFileOf('keep'))}
${unseal}${tables.join('')}${bus === undefined || bus === '' ? '' : `address = ${text(bus)}\n`}
[gate.mandos]
listen = ${text(listen)}
announce = ${options.announces}
${priority === undefined ? '' : `priority = ${text(priority)}\n`}${serviceName === undefined ? '' : `service_name = ${text(serviceName)}\n`}
[admin]
link_key = ${inside('admin.key')}
`;
};

const keyFileIn = ({ directory }: Instance): string => join(directory, 'unseal.key');

/** Makes or checks the directories above the instance; says what it had to change. */
const claim = async (
  stateDirectory: string,
  { directory, accountOf }: Instance,
  say: (line: string) => void,
): Promise<void> => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(directory)) throw new Failure('configuration', 'statedir has control characters.');
  if (Buffer.byteLength(join(directory, 'run', 'keep', 'keep.sock')) > MAX_SOCKET_PATH_BYTES) {
    throw new Failure('configuration', `The path ${stateDirectory} is too long for a socket below it.`);
  }
  await mkdir(stateDirectory, { recursive: true, mode: 0o711 });
  const { mode } = await stat(stateDirectory);
  if (isRoot() && (mode & 0o001) === 0) {
    await chmod(stateDirectory, (mode & 0o7777) | 0o001);
    say(
      `${stateDirectory} may now be passed through, not read, by other accounts: those of the server's processes must.`,
    );
  }
  await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  // By its descriptor: statedir is the account _mandos's, which could put a link in its place.
  await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  if ((await handle.stat()).uid !== process.geteuid?.()) {
    throw new Failure('configuration', `${directory} does not belong to the account that starts the server.`);
  }
  // The group of the processes may pass through, nobody may look.
  if (isRoot()) await handle.chown(0, accountOf('keep').gid);
  await handle.chmod(isRoot() ? 0o710 : 0o700);
};

const makeDirectoriesAndKeys = async (instance: Instance): Promise<void> => {
  const inside = (...parts: readonly string[]): string => join(instance.directory, ...parts);
  const keep = instance.accountOf('keep');
  for (const made of [inside('keep'), inside('keep', 'link'), inside('anchor')]) preparedPrivateDirectory(made, keep);
  for (const name of ['keep', ...peersUsed] as const) {
    preparedRuntimeDirectory(inside('run', name), instance.accountOf(name));
  }
  const peers = peersUsed.map((name) => {
    const owner = instance.accountOf(name);
    return { name, file: join(preparedPrivateDirectory(inside(name), owner), LINK_KEY_FILE), owner };
  });
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const admin = { name: 'admin', file: inside('admin.key'), owner } as const;
  await makeMissingLinkKeys({ keepDirectory: inside('keep', 'link'), keep, peers: [...peers, admin] });
};

/** The key of the first slot: that of the file which mandos.conf names, else a new one. */
const firstKey = async (instance: Instance, given: string | undefined): Promise<Buffer> => {
  if (given === 'none') {
    const hint = 'Remove unseal_key_file for the first start; other key slots can then be added and the file removed.';
    throw new Failure('configuration', 'The store is made with a key file, and mandos.conf allows none.', hint);
  }
  if (given !== undefined) {
    return await readFile(given).catch((error: NodeJS.ErrnoException) => {
      throw new Failure('configuration', `The key file ${given} cannot be read: ${error.code}.`);
    });
  }
  const key = randomBytes(UNSEAL_KEY_BYTES);
  await writeWhole(keyFileIn(instance), key);
  return key;
};

const makeFirstStore = async (instance: Instance, options: ServerOptions): Promise<void> => {
  // Before the store: one that is there without it is never taken for new.
  await writeConfigured(instance.configuredFile, new Map());
  const secret = await firstKey(instance, options.unsealKeyFile);
  try {
    const keep = { directory: join(instance.directory, 'keep'), anchor: join(instance.directory, 'anchor', 'anchor') };
    await makeStore(instance.configFile, keep, { kind: 'key-file', secret, label: 'mandos' });
  } finally {
    secret.fill(0);
  }
};

/** Makes the directory itself, so that there is a place for a PID file. */
export const claimInstance = async (
  instance: Instance,
  options: ServerOptions,
  say: (line: string) => void,
): Promise<void> => {
  await claim(options.stateDirectory, instance, say);
  const own = { name: '', uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  preparedRuntimeDirectory(join(instance.directory, 'run', 'mandos'), own);
};

/** Makes what is missing and writes the configuration. Returns whether the store is new. */
export const prepareInstance = async (
  instance: Instance,
  options: ServerOptions,
  listen: readonly string[],
): Promise<boolean> => {
  await makeDirectoriesAndKeys(instance);
  await writeWhole(instance.configFile, configText(instance, options, listen));
  if (hasStore(join(instance.directory, 'keep'))) return false;
  await makeFirstStore(instance, options);
  return true;
};

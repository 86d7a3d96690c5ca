// The directory of an embedded instance: configuration, keys and store under one uid. Made step by step, each step only
// if it was not done before, so that an interrupted start is finished by the next one.

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { configFileIn } from '../instance/config-file.ts';
import { readWholeConfig, type WholeConfig } from '../instance/read-config.ts';
import { withFronts } from './dev-fronts.ts';
import { type HouseProcessName, LINK_KEY_FILE, type PeerName, peerNames } from './house-processes.ts';
import { makeMissingLinkKeys } from './link-keys.ts';
import { hasStore, makeStore } from './make-store.ts';

const UNSEAL_KEY_BYTES = 32;
/** sun_path of a UNIX socket, unix(7). */
const MAX_SOCKET_PATH_BYTES = 107;

/** What a peer's table says at first. */
const peerTable = (directory: string, name: PeerName): string => `
[${name}]
directory = ${JSON.stringify(join(directory, name))}
pid_file = ${JSON.stringify(join(directory, 'run', `${name}.pid`))}
`;

const configText = (directory: string, listen: string): string => {
  const inside = (...parts: string[]): string => JSON.stringify(join(directory, ...parts));
  return `# An embedded instance for trying out, made by: chatelaine dev
purpose = "development"

[keep]
directory = ${inside('keep')}
anchor = ${inside('anchor', 'anchor')}
socket = ${inside('run', 'keep.sock')}
pid_file = ${inside('run', 'keep.pid')}
modules = ["machines", "passwords", "users", "sessions", "aes", "hotp", "totp", "yubiotp", "recovery"]
unseal_key_file = ${inside('unseal.key')}
${peerNames.map((name) => peerTable(directory, name)).join('')}
[gate.mandos]
listen = [${JSON.stringify(listen)}]

[admin]
link_key = ${inside('admin.key')}
`;
};

/** Writes a file whole or not at all. */
const writeWhole = async (path: string, content: string | Uint8Array): Promise<void> => {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
};

const claim = async (given: string | undefined): Promise<string> => {
  if (given === undefined) return await mkdtemp(join(tmpdir(), 'chatelaine-'));
  const directory = resolve(given);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(directory))
    throw new Failure('usage', 'The name of the directory has control characters.');
  if (Buffer.byteLength(join(directory, 'run', 'keep.sock')) > MAX_SOCKET_PATH_BYTES) {
    throw new Failure('usage', `The path of the directory is too long for a socket in it.`, 'Choose a shorter one.');
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await stat(directory);
  if (found.uid !== process.geteuid?.()) throw new Failure('configuration', `${directory} belongs to another account.`);
  if (
    !existsSync(configFileIn(directory)) &&
    (await readdir(directory)).some((name) => name !== 'chatelaine.toml.new')
  ) {
    const hint = 'Name one that is empty or does not exist.';
    throw new Failure('configuration', `${directory} holds something else than an instance of Chatelaine.`, hint);
  }
  await chmod(directory, 0o700);
  return directory;
};

/** Sets the addresses that an option names in the configuration, which a person may have changed otherwise. */
const setListen = async (
  file: string,
  { table, key, option }: { readonly table: string; readonly key: string; readonly option: string },
  address: string,
): Promise<void> => {
  const text = readFileSync(file, 'utf8');
  const line = new RegExp(`^(\\[${table.replace('.', '\\.')}\\]\\n(?:(?!\\[).*\\n)*?${key} *= *).*$`, 'm');
  if (!line.test(text)) {
    throw new Failure('configuration', `${file} has no "${key}" below [${table}] to be set by ${option}.`);
  }
  const changed = text.replace(line, (_, before: string) => `${before}[${JSON.stringify(address)}]`);
  if (changed !== text) await writeWhole(file, changed);
};

/** Gives what an earlier version did not have, processes and fronts, a table in the configuration it made. */
const addMissingTables = async (file: string, directory: string): Promise<void> => {
  const text = readFileSync(file, 'utf8');
  const missing = peerNames.filter((name) => !new RegExp(`^[ \\t]*\\[[ \\t]*${name}[ \\t]*[\\].]`, 'm').test(text));
  const complete = withFronts(
    `${text.trimEnd()}\n${missing.map((name) => peerTable(directory, name)).join('')}`,
    directory,
  );
  if (complete !== text) await writeWhole(file, complete);
};

export interface DevInstance {
  readonly directory: string;
  readonly configFile: string;
  /** Whether the settings give the courier anybody to carry notices to. */
  readonly hasNotices: boolean;
  /** How long a process may take to stop. */
  readonly patienceMs: (name: HouseProcessName) => number;
}

const KEEP_PATIENCE_MS = 15_000;
const PEER_PATIENCE_MS = 5_000;

const patienceOf = (config: WholeConfig, name: HouseProcessName): number => {
  if (name === 'keep') return KEEP_PATIENCE_MS;
  return PEER_PATIENCE_MS + (name === 'gate' ? config.gate.drain_seconds * 1_000 : 0);
};

/**
 * Makes or finds the instance.
 *
 * @param given its directory; absent for a new one below the temporary directory
 * @param listen where its Mandos port is to be, if that was said
 * @param http where its HTTP API is to be, without TLS, if that was said
 */
export const prepareDevDirectory = async (
  given: string | undefined,
  listen: string | undefined,
  http: string | undefined,
): Promise<DevInstance> => {
  const directory = await claim(given);
  const configFile = configFileIn(directory);
  if (!existsSync(configFile)) await writeWhole(configFile, configText(directory, listen ?? '127.0.0.1:0'));
  if (readWholeConfig(configFile).purpose !== 'development') {
    const hint = 'chatelaine dev starts only what it made itself; a real keep is started by systemd.';
    throw new Failure('configuration', `${directory} is not an instance for development.`, hint);
  }
  await addMissingTables(configFile, directory);
  if (listen !== undefined) {
    await setListen(configFile, { table: 'gate.mandos', key: 'listen', option: '--mandos' }, listen);
  }
  if (http !== undefined) await setListen(configFile, { table: 'gate.http', key: 'plain', option: '--http' }, http);
  const config = readWholeConfig(configFile);
  await makeKeys(config);
  if (!hasStore(config.keep.directory)) await makeFirstStore(configFile, directory, config);
  const { hooks, webhooks } = config.courier;
  const hasNotices = hooks.length + webhooks.length > 0;
  return { directory, configFile, hasNotices, patienceMs: (name) => patienceOf(config, name) };
};

/** The directories, and the keys that are missing in them. */
const makeKeys = async (config: WholeConfig): Promise<void> => {
  const { keep, admin } = config;
  const link = join(keep.directory, 'link');
  const directories = [keep.directory, link, dirname(keep.anchor), ...peerNames.map((name) => config[name].directory)];
  for (const made of directories) await mkdir(made, { recursive: true, mode: 0o700 });
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const peers = peerNames.map((name) => ({ name, file: join(config[name].directory, LINK_KEY_FILE), owner }));
  const withAdmin = [...peers, { name: 'admin', file: admin.link_key, owner } as const];
  await makeMissingLinkKeys({ keepDirectory: link, keep: owner, peers: withAdmin });
};

const makeFirstStore = async (configFile: string, directory: string, config: WholeConfig): Promise<void> => {
  const secret = randomBytes(UNSEAL_KEY_BYTES);
  try {
    await writeWhole(config.keep.unseal_key_file ?? join(directory, 'unseal.key'), secret);
    await makeStore(configFile, config.keep, { kind: 'key-file', secret, label: 'unseal.key' });
  } finally {
    secret.fill(0);
  }
};

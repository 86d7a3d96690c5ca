// `chatelaine-unlock` without a command: mandos-client's place. Ends with the password on stdout, or not at all; when it is told to
// stop, it leaves the network as it was and dies by that signal.

import type { OpenMessage } from '@chatelaine/machine-keys/open-message';
import { PriorityError } from '@chatelaine/rawtls';
import { EndedError, exitCode } from '../exit-code.ts';
import { Network } from '../network/network.ts';
import { formatServerAddress, withScope } from '../options/server-address.ts';
import { type RunSubcommand, subcommandHelp } from '../subcommands.ts';
import { say } from '../words.ts';
import { writePassword } from '../write-password.ts';
import { askServer } from './ask-server.ts';
import { loadOpener, loadTlsKey } from './machine-keys.ts';
import { PasswordSearch } from './password-search.ts';
import { MANDOS_CLIENT_HELP, readSettings, type Settings } from './settings.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGHUP', 'SIGTERM'] as const;

/** A key that cannot be used is said this soon, whether a server answers or not. */
const LATEST_OPENER_MS = 250;

/** Dies by a signal, once everything is as it was. */
const dieBy = (signal: NodeJS.Signals): void => {
  for (const name of STOP_SIGNALS) process.removeAllListeners(name);
  process.kill(process.pid, signal);
};

const getPassword = async (settings: Settings, network: Network, stopped: AbortSignal): Promise<Buffer> => {
  const { servers, tlsPublicKeyFile, tlsPrivateKeyFile, secretKeyFile, priority, retryMs } = settings;
  const key = loadTlsKey(tlsPublicKeyFile, tlsPrivateKeyFile);
  const opener = Promise.withResolvers<OpenMessage>();
  opener.promise.catch(() => undefined);
  let isStarted = false;
  const startOpener = (): void => {
    if (isStarted) return;
    isStarted = true;
    loadOpener(secretKeyFile).then(opener.resolve, opener.reject);
  };
  const search = new PasswordSearch({
    ask: (server, signal, onWaiting) => askServer(server, { key, priority, signal, onWaiting, onGreeted: startOpener }),
    open: async (message) => await (await opener.promise)(message),
    retryMs,
    say,
  });
  stopped.addEventListener('abort', () => search.stop());
  try {
    if (servers.length > 0) {
      const scoped = servers.map((server) => withScope(server, network.scope));
      say(`asking ${scoped.map(formatServerAddress).join(', ')} for the disk password`);
      for (const server of scoped) search.add(server);
    } else {
      const { browse } = await import('../discovery/browse.ts');
      say(`looking for a server on ${network.interfaces.join(', ') || 'no interface'}, for the disk password`);
      browse({ interfaces: network.interfaces, onServer: (server) => search.add(server), signal: stopped, say });
    }
    // Reading the OpenPGP key is what takes longest here: it is done while the first server works, or else soon.
    setTimeout(startOpener, LATEST_OPENER_MS);
    const unusable = opener.promise.then(() => new Promise<never>(() => undefined));
    const asked = new Promise<never>((_, reject) => {
      stopped.addEventListener('abort', () => reject(stopped.reason));
    });
    return await Promise.race([search.password, unusable, asked]);
  } finally {
    search.stop();
  }
};

const run = async (settings: Settings): Promise<number> => {
  const { interfaces, noInterface, hookDirectory, delayMs, debug, servers } = settings;
  const stop = new AbortController();
  let signalled: NodeJS.Signals | undefined;
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      signalled ??= name;
      stop.abort(new EndedError(exitCode.failed, `stopped by ${name}`));
    });
  }
  const network = await Network.bringUp({
    areNamed: interfaces !== undefined,
    interfaces: interfaces ?? [],
    noInterface,
    directory: hookDirectory,
    delayMs,
    debug,
    connect: servers.map(formatServerAddress).join(','),
    say,
  });
  try {
    stop.signal.throwIfAborted();
    const password = await getPassword(settings, network, stop.signal);
    try {
      writePassword(password);
    } finally {
      password.fill(0);
    }
    return exitCode.done;
  } catch (error) {
    if (error instanceof PriorityError) throw new EndedError(exitCode.unavailable, `--priority: ${error.message}`);
    if (signalled === undefined) throw error;
    return exitCode.failed;
  } finally {
    await network.takeDown();
    if (signalled !== undefined) dieBy(signalled);
  }
};

export const runMandosClient: RunSubcommand = async (words) => {
  const read = readSettings(words);
  if (read.kind === 'settings') return await run(read.settings);
  if (read.kind === 'help') process.stderr.write(MANDOS_CLIENT_HELP + subcommandHelp());
  else if (read.kind === 'version') process.stderr.write('chatelaine-unlock, version 1 of the Mandos protocol\n');
  else say(`${read.message}; --help says more`);
  return exitCode.usage;
};

// The subcommand key-socket: a socket from which systemd takes the keys of volumes and the credentials of services, so that neither
// crypttab nor a service needs any code. systemd owns the socket and starts this at the first connection, or it is made here.
// systemd.socket(5), sd_listen_fds(3)

import { createServer, type Server, type Socket } from 'node:net';
import { onEndSignals } from '../end-signals.ts';
import { EndedError, exitCode } from '../exit-code.ts';
import { readPluginOptions } from '../plugin-options.ts';
import type { RunSubcommand } from '../subcommands.ts';
import { say } from '../words.ts';
import { giveSecret } from './give-secret.ts';
import { readSecretsFile, SecretsFileError } from './secrets-file.ts';

const HELP = `usage: chatelaine-unlock key-socket [OPTION...]

Gives systemd, through a socket, the keys of volumes (crypttab) and the credentials of services (LoadCredential=).

  -c, --config FILE    which program prints which secret (default /etc/chatelaine/secrets.toml)
  -s, --socket FILE    make this socket; without it, systemd hands one over
      --idle SECONDS   end when nothing was asked for so long (default: never)
  -?, --help

Exit codes: 0 ended as asked; 64 wrong option; 69 no socket; 71 the system failed; 78 the file is wrong.
`;

const FIRST_HANDED_OVER = 3;

interface Settings {
  readonly config: string;
  readonly socket: string | undefined;
  readonly idleMs: number | undefined;
}

const readSettings = (words: readonly string[]): Settings => {
  const forms = [
    { name: 'config', short: 'c', takesValue: true },
    { name: 'socket', short: 's', takesValue: true },
    { name: 'idle', takesValue: true },
  ];
  const given = readPluginOptions(words, forms, HELP);
  const idle = given.get('idle');
  if (idle !== undefined && !/^[1-9]\d{0,5}$/.test(idle)) {
    throw new EndedError(exitCode.usage, '--idle: must be a whole number of seconds');
  }
  return {
    config: given.get('config') ?? '/etc/chatelaine/secrets.toml',
    socket: given.get('socket'),
    idleMs: idle === undefined ? undefined : Number(idle) * 1000,
  };
};

/** The sockets that systemd hands over. */
const handedOver = (): readonly number[] => {
  const { LISTEN_PID: pid, LISTEN_FDS: count = '0' } = process.env;
  if (Number(pid) !== process.pid || !/^\d{1,3}$/.test(count)) return [];
  return Array.from({ length: Number(count) }, (_, index) => FIRST_HANDED_OVER + index);
};

/** Ends by itself when nothing happens for so long. */
class Idle {
  #timer: NodeJS.Timeout | undefined;
  #busy = 0;
  readonly #ms: number | undefined;
  readonly #end: () => void;

  constructor(ms: number | undefined, end: () => void) {
    this.#ms = ms;
    this.#end = end;
    this.#wait();
  }

  #wait(): void {
    if (this.#ms !== undefined && this.#busy === 0) this.#timer = setTimeout(this.#end, this.#ms);
  }

  async during(work: Promise<void>): Promise<void> {
    clearTimeout(this.#timer);
    this.#busy++;
    await work;
    this.#busy--;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

type Place = { readonly fd: number } | { readonly path: string };

const listening = (server: Server, place: Place): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, resolve);
  });

const serve = async (settings: Settings): Promise<void> => {
  // Read for each connection, but a mistake is better known at once.
  readSecretsFile(settings.config);
  const places: readonly Place[] =
    settings.socket === undefined ? handedOver().map((fd) => ({ fd })) : [{ path: settings.socket }];
  if (places.length === 0) {
    throw new EndedError(exitCode.unavailable, 'there is no socket: give --socket, or have systemd hand one over');
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const idle = new Idle(settings.idleMs, end);
  const signals = onEndSignals(() => end());
  const connections = new Set<Socket>();
  const accept = (socket: Socket): void => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    void idle.during(giveSecret(socket, { secrets: () => readSecretsFile(settings.config), say }));
  };
  const servers = places.map((place) => ({ place, server: createServer({ allowHalfOpen: true }, accept) }));
  try {
    // A socket of one's own is nobody else's from its first moment.
    process.umask(0o177);
    await Promise.all(servers.map(({ place, server }) => listening(server, place)));
    say('ready');
    await ended;
  } finally {
    signals.ignore();
    idle.stop();
    for (const { server } of servers) server.close();
    for (const socket of connections) socket.destroy();
  }
};

export const serveKeySocket: RunSubcommand = async (words) => {
  const settings = readSettings(words);
  try {
    await serve(settings);
    return exitCode.done;
  } catch (error) {
    if (error instanceof EndedError) throw error;
    const code = error instanceof SecretsFileError ? exitCode.configuration : exitCode.system;
    throw new EndedError(code, (error as Error).message);
  }
};

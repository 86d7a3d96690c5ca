// The way to the keep: the link over its socket, as the local administrator. Every command that asks something goes here.

import { type Client, createClient } from '@chatelaine/contract';
import { connectUnix, LinkClient, PeerKeyFileError, readPeerKey, StreamEndedError } from '@chatelaine/link';
import { Failure } from '../failure.ts';
import { failureOf } from '../refused-answer.ts';
import type { GlobalOptions } from './config-file.ts';
import { type InstanceConfig, readConfig } from './read-config.ts';

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'Nothing listens there: start the keep.',
  ECONNREFUSED: 'Nothing listens there: start the keep.',
  EACCES: 'Only root and the group of the keep may connect.',
};

const readAdminKey = async (path: string) => {
  try {
    return await readPeerKey(path);
  } catch (error) {
    if (error instanceof PeerKeyFileError) throw new Failure('configuration', error.message);
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES') {
      throw new Failure('refused', `${path} may not be read by this account.`, 'Ask as its owner, in production root.');
    }
    const hint = code === 'ENOENT' ? 'chatelaine init makes it.' : undefined;
    throw new Failure('configuration', `${path} cannot be read: ${code ?? 'unknown reason'}.`, hint);
  }
};

/** Lets `act` ask a server on the network, with the login of this shell. */
const askServer = async <T>(address: string, act: (client: Client) => Promise<T>): Promise<T> => {
  const { parseServerAddress } = await import('../server/server-address.ts');
  const { httpTransport } = await import('../server/http-transport.ts');
  const { findLogin } = await import('../server/kept-login.ts');
  const server = parseServerAddress(address);
  const { token, fingerprint } = await findLogin(server);
  try {
    return await act(createClient(httpTransport({ server, fingerprint, token })));
  } finally {
    token.fill(0);
  }
};

/** Lets `act` ask: the server that was named, else the keep of this machine, over its socket. */
export const askKeep = async <T>(options: GlobalOptions, act: (client: Client) => Promise<T>): Promise<T> => {
  const local = options.config ?? options.dir;
  const server = options.server ?? (local === undefined ? process.env['CHATELAINE_SERVER'] || undefined : undefined);
  if (options.server !== undefined && local !== undefined) {
    throw new Failure('usage', '--server and a configuration of this machine exclude each other.');
  }
  return server === undefined ? await askLocalKeep(options, act) : await askServer(server, act);
};

/** Connects, lets `act` ask, and disconnects. */
export const askLocalKeep = async <T>(
  options: GlobalOptions,
  act: (client: Client, config: InstanceConfig) => Promise<T>,
): Promise<T> => {
  const config = readConfig(options);
  const key = await readAdminKey(config.admin.link_key);
  let problem: NodeJS.ErrnoException | undefined;
  let reason: string | undefined;
  const link = new LinkClient({
    key,
    waitMs: 0,
    connect: async () => {
      try {
        return await connectUnix(config.keep.socket);
      } catch (error) {
        problem = error as NodeJS.ErrnoException;
        throw error;
      }
    },
    onState: (state) => {
      if (state.kind === 'down') reason = state.reason;
    },
  });
  try {
    return await act(createClient(link), config);
  } catch (error) {
    if (error instanceof StreamEndedError) throw failureOf({ kind: 'refused', code: error.code });
    if (problem?.code !== undefined && error instanceof Failure && error.exit === 'unreachable') {
      const text = `The keep cannot be reached at ${config.keep.socket}: ${problem.code}.`;
      throw new Failure('unreachable', text, hints[problem.code]);
    }
    if (reason !== undefined && error instanceof Failure && error.exit === 'unreachable') {
      throw new Failure('unreachable', `${error.message} (${reason})`, error.hint);
    }
    throw error;
  } finally {
    await link.close();
  }
};

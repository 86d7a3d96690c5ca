// A UNIX socket that is right from its first moment: nobody can connect before its group and mode are set, and a socket
// that somebody still answers on is never taken away.

import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { readPeerUid } from '@chatelaine/process/unix-peer';
import type { LinkServer } from './link-server.ts';

const BACKLOG = 1_024;
const NOBODY_MAY_CONNECT = 0o777;

/** A socket as it is to lie there. */
export interface UnixSocketOptions {
  /** Absolute path, at most 107 bytes (unix(7)). */
  readonly path: string;
  /** 0660 for a socket that a group shares. Whoever may write may connect. */
  readonly mode: number;
  /** Group of the socket; the process's own if absent. */
  readonly gid?: number;
  /** Whether a connection can still be written to when the other side has ended its own. */
  readonly allowHalfOpen?: boolean;
}

export interface ListenUnixOptions extends UnixSocketOptions {
  readonly server: LinkServer;
}

export interface UnixListener {
  readonly path: string;
  /** Stops listening and removes the socket; connections go on. */
  close(): Promise<void>;
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else reject(error);
    });
  });

const removeStale = async (path: string): Promise<void> => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there and is not a socket`);
  if (await isAnswered(path)) throw new Error(`somebody answers on ${path} already`);
  unlinkSync(path);
};

/** Listens, and gives every connection, paused, to `accept`. Throws if the path is taken. */
export const listenUnixSocket = async (
  { path, mode, gid, allowHalfOpen = false }: UnixSocketOptions,
  accept: (socket: Socket) => void,
): Promise<UnixListener> => {
  await removeStale(path);
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen }, accept);
  // bind, chown and chmod happen in this turn of the event loop; until then the umask lets nobody connect.
  const umask = process.umask(NOBODY_MAY_CONNECT);
  const listening = new Promise<void>((resolve, reject) => {
    listener.once('listening', resolve);
    listener.once('error', reject);
  });
  try {
    listener.listen({ path, backlog: BACKLOG });
  } finally {
    process.umask(umask);
  }
  if (listener.listening) {
    // A service manager may forbid the call; the group is mostly right by itself.
    if (gid !== undefined && lstatSync(path).gid !== gid) chownSync(path, -1, gid);
    chmodSync(path, mode);
  }
  await listening;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      if (!listener.listening) return resolve();
      // Connections are not the listener's to wait for.
      listener.close();
      resolve();
    });
  return { path, close };
};

/** Listens and hands every connection to the server, with its uid; the server's `close` ends it too. Throws if the path is taken. */
export const listenUnix = async ({ server, ...socketOptions }: ListenUnixOptions): Promise<UnixListener> => {
  const listener = await listenUnixSocket(socketOptions, (socket) => {
    const uid = readPeerUid(socket);
    if (uid === undefined) socket.destroy();
    else server.accept(socket, { uid });
  });
  server.onClose(listener.close);
  return listener;
};

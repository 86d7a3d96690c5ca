// The stream of a client on the same machine.

import { connect, type Socket } from 'node:net';

/** Connects to a UNIX socket. Rejects with the system's error if nobody listens or the mode forbids it. */
export const connectUnix = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });

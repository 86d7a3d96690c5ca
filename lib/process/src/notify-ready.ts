// Tells whoever started the process that it is ready. sd_notify(3)

import { closeSync, writeSync } from 'node:fs';
import { openDatagramSocket } from './datagram-socket.ts';

/** Sends one state to systemd, if it started the process and asked for it. Returns whether it was sent. */
export const notifySystemd = (state: string): boolean => {
  const path = process.env['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return false;
  const socket = openDatagramSocket(path);
  try {
    return socket.send(Buffer.from(state, 'utf8')) === 'sent';
  } finally {
    socket.close();
  }
};

/**
 * Writes `info` as one line of JSON to `descriptor` and closes it, and tells systemd. A starter that does not listen any more is
 * no reason to stop. Call it once.
 *
 * @param descriptor above 2, inherited from the starter; `undefined` if there is none.
 */
export const notifyReady = (descriptor: number | undefined, info: object): void => {
  if (descriptor !== undefined) {
    try {
      writeSync(descriptor, `${JSON.stringify(info)}\n`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    } finally {
      closeSync(descriptor);
    }
  }
  notifySystemd('READY=1');
};

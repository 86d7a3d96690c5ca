// The greeting of a bus: we say our uid, the bus compares it with the socket's. D-Bus specification, "Authentication Protocol",
// EXTERNAL.

import type { Socket } from 'node:net';

const MAX_LINE_BYTES = 16_384;

/** A bus that cannot be used: not there, not willing, or not a bus. The message is for people. */
export class BusError extends Error {
  override readonly name = 'BusError';
}

/** Resolves when messages can be sent. Throws {@link BusError} if the bus says no, ends, or does not answer in time. */
export const authenticate = (socket: Socket, uid: number, timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let line = '';
    const settle = (error?: BusError): void => {
      clearTimeout(timer);
      socket.off('data', read).off('end', end).off('error', end);
      socket.pause();
      if (error === undefined) resolve();
      else reject(error);
    };
    const end = (): void => settle(new BusError('the bus ended the connection before it was authenticated'));
    const read = (part: Buffer): void => {
      line += part.toString('latin1');
      if (line.length > MAX_LINE_BYTES) settle(new BusError('what listens there is not a bus'));
      if (!line.endsWith('\r\n')) return;
      const isTaken = line.startsWith('OK ');
      // The bus is silent from here on until it is asked something.
      if (isTaken) socket.write('BEGIN\r\n');
      settle(isTaken ? undefined : new BusError(`the bus does not take uid ${uid}`));
    };
    const timer = setTimeout(() => settle(new BusError('the bus does not answer')), timeoutMs);
    socket.on('data', read).on('end', end).on('error', end);
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`);
  });

// A machine that asks at the Mandos port, spoken by the test itself: a thousand of them would be too many for mandos-client.

import { once } from 'node:events';
import net from 'node:net';
import { openRawTls, type RawKey } from '@chatelaine/rawtls';

/** Asks once with this key. Undefined if nothing was given, or the server broke off. */
export const fetchAtPort = async (port: number, key: RawKey): Promise<Buffer | undefined> => {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect');
  } catch {
    return undefined;
  }
  socket.write('1\r\n');
  const opened = await openRawTls(socket, { role: 'server', key });
  if (opened.kind === 'failed') return undefined;
  const parts: Buffer[] = [];
  for (;;) {
    const received = await opened.receive();
    if (received.kind === 'data') {
      parts.push(received.bytes);
      continue;
    }
    if (received.kind === 'failed') {
      opened.destroy();
      return undefined;
    }
    await opened.close();
    return parts.length === 0 ? undefined : Buffer.concat(parts);
  }
};

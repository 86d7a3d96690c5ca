// A port that nobody listens on. Below 32768, where Linux never takes the near end of an outgoing connection: thousands
// of them are made by these tests, and one could otherwise sit on the port before the server does.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const ATTEMPTS = 100;

/** A port of the loopback interface that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const server = net.createServer();
    server.listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
  throw new Error('no port is free');
};

// What no server can save that answers over TLS after a durable write: this answers every request the same, after a page was appended
// and synced. `bare.ts CERTIFICATE KEY FILE`; prints its port.

import { fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';

const [certificate = '', key = '', written = ''] = process.argv.slice(2);
const file = openSync(written, 'w');
const page = Buffer.alloc(4_096, 1);
const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nstatus=OK\r\n');
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key), noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', () => {
    writeSync(file, page);
    fdatasyncSync(file);
    socket.write(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

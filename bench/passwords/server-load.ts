// The load of bench/passwords/server.ts, in a process of its own: over TLS. Prints one JSON object.

import { openLocal, runHttpLoad } from '../http-load.ts';

export interface LoadSettings {
  readonly port: number;
  readonly token: string;
  readonly keys: readonly string[];
  readonly format: string;
  readonly connections: number;
  readonly seconds: number;
}

const requestsOf = ({ keys, format, token }: LoadSettings): readonly Buffer[] =>
  keys.map((key) =>
    Buffer.from(
      `GET /v1/passwords/${encodeURIComponent(key)}/${format} HTTP/1.1\r\nHost: localhost\r\n` +
        `Authorization: Bearer ${token}\r\nAccept: application/octet-stream\r\n\r\n`,
    ),
  );

const [given] = process.argv.slice(2);
if (given !== undefined && import.meta.main) {
  const settings: LoadSettings = JSON.parse(given);
  const requests = requestsOf(settings);
  let next = 0;
  const result = await runHttpLoad({
    open: () => openLocal(settings.port, true),
    keepsConnections: true,
    nextRequest: () => requests[next++ % requests.length] ?? Buffer.alloc(0),
    isRight: (answer) => answer.toString('latin1', 9, 12) === '200',
    connections: settings.connections,
    seconds: settings.seconds,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

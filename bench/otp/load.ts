// The load of bench/otp/bench.ts, in a process of its own: requests of a file, each after its length as u32, big-endian; every one is
// sent once. Prints one JSON object.

import { readFileSync } from 'node:fs';
import { openLocal, runHttpLoad } from '../http-load.ts';

export interface LoadSettings {
  readonly port: number;
  readonly tls: boolean;
  readonly keepsConnections: boolean;
  readonly connections: number;
  readonly seconds: number;
  /** The file. */
  readonly requests: string;
  /** Begins again with the first request after the last one. */
  readonly mayRepeat: boolean;
  /** In every good answer. */
  readonly good: string;
}

/** Writes requests as {@link LoadSettings.requests} has them. */
export const frameRequests = (requests: readonly Buffer[]): Buffer =>
  Buffer.concat(
    requests.flatMap((request) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(request.length);
      return [length, request];
    }),
  );

const readRequests = (file: string): readonly Buffer[] => {
  const bytes = readFileSync(file);
  const requests: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    requests.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return requests;
};

const [given] = process.argv.slice(2);
if (given !== undefined && import.meta.main) {
  const settings: LoadSettings = JSON.parse(given);
  const requests = readRequests(settings.requests);
  let next = 0;
  const result = await runHttpLoad({
    open: () => openLocal(settings.port, settings.tls),
    keepsConnections: settings.keepsConnections,
    nextRequest: () => {
      const request = requests[settings.mayRepeat ? next++ % requests.length : next++];
      if (request === undefined) throw new Error(`all ${requests.length} requests are spent: make more of them`);
      return request;
    },
    isRight: (answer) => answer.includes(settings.good),
    connections: settings.connections,
    seconds: settings.seconds,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

// The load of bench/otp/bench.ts, in a process of its own: signed requests of the validation protocol, each with the next code of
// the next key. Prints one JSON object.

import { createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { typeCode } from '../../server/keep/src/modules/yubiotp/testing/type-code.ts';
import { runHttpLoad } from '../http-load.ts';

/** A programmed key, in hexadecimal, and the power-up of its next code. */
export interface LoadKey {
  readonly publicId: string;
  readonly privateId: string;
  readonly key: string;
}

export interface LoadSettings {
  readonly port: number;
  readonly client: { readonly id: number; readonly key: string };
  readonly keys: readonly LoadKey[];
  /** Of the first code of each key. */
  readonly counter: number;
  readonly connections: number;
  readonly seconds: number;
}

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });

/** A request as libykclient sends it. */
const requestOf = ({ client }: LoadSettings, otp: string, nonce: string): Buffer => {
  const signed = `id=${client.id}&nonce=${nonce}&otp=${otp}&timestamp=1`;
  const signature = createHmac('sha1', Buffer.from(client.key, 'base64')).update(signed).digest('base64');
  return Buffer.from(
    `GET /wsapi/2.0/verify?${signed}&h=${encodeURIComponent(signature)} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n`,
  );
};

const [given] = process.argv.slice(2);
if (given !== undefined && import.meta.main) {
  const settings: LoadSettings = JSON.parse(given);
  const keys = settings.keys.map(({ publicId, privateId, key }) => ({
    publicId,
    secrets: { privateId: Buffer.from(privateId, 'hex'), key: Buffer.from(key, 'hex') },
  }));
  let next = 0;
  const nextRequest = (): Buffer => {
    const at = next++;
    const chosen = keys[at % keys.length];
    if (chosen === undefined) throw new Error('there are no keys');
    const presses = Math.floor(at / keys.length);
    const press = { counter: settings.counter + (presses >> 8), use: presses & 255 };
    return requestOf(settings, typeCode(chosen.publicId, chosen.secrets, press), `bench${at}`.padEnd(32, 'a'));
  };
  const result = await runHttpLoad({
    open: () => open(settings.port),
    nextRequest,
    isRight: (answer) => answer.includes('\r\nstatus=OK\r\n'),
    connections: settings.connections,
    seconds: settings.seconds,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

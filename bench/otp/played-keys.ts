// YubiKeys that a bench plays, and users' devices by counter: what is programmed into them, and the requests with their codes.

import { createHmac, randomBytes } from 'node:crypto';
import { toModhex } from '../../server/keep/src/modules/yubiotp/modhex.ts';
import { typeCode, type YubikeySecrets } from '../../server/keep/src/modules/yubiotp/testing/type-code.ts';
import { oneTimeCode } from '../../server/keep/src/otp/one-time-code.ts';

/** A key, and how often it was pressed. */
export interface PlayedKey extends YubikeySecrets {
  readonly publicId: string;
  presses: number;
}

/** A client of the validation protocol. */
export interface ApiClient {
  readonly id: number;
  readonly secret: Uint8Array;
}

export const playKeys = (count: number): readonly PlayedKey[] =>
  Array.from({ length: count }, (_, at) => {
    const id = Buffer.alloc(6);
    id.writeUInt32BE(at + 1, 2);
    return { publicId: toModhex(id), privateId: randomBytes(6), key: randomBytes(16), presses: 0 };
  });

const press = (key: PlayedKey): string => {
  const { presses } = key;
  key.presses++;
  // Some 120,000 presses of 8 Hz between two codes.
  return typeCode(key.publicId, key, {
    ...{ counter: 1 + (presses >> 8), use: presses & 255 },
    timestamp: (presses & 255) * 8,
  });
};

/** Signed requests of the validation protocol, one key after the other. */
export const validationRequests = (
  keys: readonly PlayedKey[],
  client: ApiClient,
  count: number,
  keepAlive: boolean,
): readonly Buffer[] =>
  Array.from({ length: count }, (_, at) => {
    const key = keys[at % keys.length];
    if (key === undefined) throw new Error('there are no keys');
    const query = `id=${client.id}&nonce=${randomBytes(16).toString('hex')}&otp=${press(key)}`;
    const signature = createHmac('sha1', client.secret).update(query, 'latin1').digest('base64');
    const connection = keepAlive ? '' : 'Connection: close\r\n';
    return Buffer.from(
      `GET /wsapi/2.0/verify?${query}&h=${encodeURIComponent(signature)} HTTP/1.1\r\nHost: localhost\r\n${connection}\r\n`,
    );
  });

/** A user's device by counter. */
export interface PlayedDevice {
  readonly user: string;
  readonly seed: Uint8Array;
  counter: number;
}

export const nextCode = (device: PlayedDevice): string =>
  oneTimeCode(device.seed, device.counter++, { digits: 6, algorithm: 'sha1' }).toString();

/** Requests of the HTTP API, one device after the other. */
export const hotpRequests = (devices: readonly PlayedDevice[], token: string, count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, at) => {
    const device = devices[at % devices.length];
    if (device === undefined) throw new Error('there are no devices');
    const body = JSON.stringify({ user: device.user, code: nextCode(device) });
    return Buffer.from(
      `POST /v1/hotp/verify HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  });

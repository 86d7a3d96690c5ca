// Machines for a bench: as many as wanted, some of them with keys that a load of fetches uses.

import { generateKeyPairSync, hash, randomBytes } from 'node:crypto';

/** Machines as both servers take them. */
export interface Fleet {
  /** Sections of a clients.conf, one a machine, in order. */
  readonly stanzas: readonly string[];
  /** The keys of those that can fetch: 32 secret bytes, 32 public ones, again and again. */
  readonly keys: Buffer;
  /** What each of them gets; 1,200 bytes, as much as a short password takes in an OpenPGP message. */
  readonly secret: Buffer;
}

const SECRET_SIZE_BYTES = 1_200;

const RAW_KEY_SIZE_BYTES = 32;

const stanzaOf = (name: string, keyId: string, secret: Buffer): string =>
  [
    `[${name}]`,
    'host = localhost',
    `key_id = ${keyId}`,
    `fingerprint = ${randomBytes(20).toString('hex').toUpperCase()}`,
    'checker = true',
    'interval = P1D',
    'timeout = P1W',
    `secret = ${secret.toString('base64')}`,
    '',
  ].join('\n');

/**
 * Makes a fleet of `size` machines.
 *
 * @param fetching how many of them have a key that the load holds, spread evenly
 */
export const makeFleet = (size: number, fetching: number): Fleet => {
  const secret = randomBytes(SECRET_SIZE_BYTES);
  const keys: Buffer[] = [];
  const stanzas: string[] = [];
  const every = Math.ceil(size / fetching);
  for (let index = 0; index < size; index++) {
    let keyId = randomBytes(32).toString('hex');
    if (index % every === 0) {
      const pair = generateKeyPairSync('ed25519');
      const publicDer = pair.publicKey.export({ format: 'der', type: 'spki' });
      const privateDer = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
      keys.push(privateDer.subarray(-RAW_KEY_SIZE_BYTES), publicDer.subarray(-RAW_KEY_SIZE_BYTES));
      keyId = hash('sha256', publicDer, 'hex');
    }
    stanzas.push(stanzaOf(`machine${index}`, keyId, secret));
  }
  return { stanzas, keys: Buffer.concat(keys), secret };
};

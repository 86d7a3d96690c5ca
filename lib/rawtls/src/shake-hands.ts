// For tests and vectors: both sides of a handshake in one process, over memory.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';
import { MANDOS_PRIORITY, RawKey } from './credentials.ts';
import { clientRandomOf, type HandshakeProof } from './proof.ts';
import {
  type ClientOptions,
  openRawTls,
  type RawTlsConnection,
  type RawTlsFailure,
  type ServerOptions,
} from './raw-tls.ts';

export interface KeyPair {
  readonly publicKey: Buffer;
  readonly privateKey: Buffer;
  /** SHA-256 of the DER SubjectPublicKeyInfo. */
  readonly keyId: string;
}

/** Every type of key that may sign a CertificateVerify. */
export const keyTypes = [
  'ed25519',
  'ed448',
  'ec-p256',
  'ec-p384',
  'ec-p521',
  'rsa-2048',
  'rsa-3072',
  'rsa-pss-2048',
] as const;
export type KeyType = (typeof keyTypes)[number];

const generate = (type: KeyType) => {
  switch (type) {
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ed448':
      return generateKeyPairSync('ed448');
    case 'ec-p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ec-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'ec-p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' });
    case 'rsa-2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'rsa-3072':
      return generateKeyPairSync('rsa', { modulusLength: 3072 });
    case 'rsa-pss-2048':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  }
};

export const makeKeyPair = (type: KeyType = 'ed25519'): KeyPair => {
  const { publicKey, privateKey } = generate(type);
  return {
    publicKey: Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })),
    privateKey: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    keyId: createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
  };
};

export interface Handshake {
  readonly client: RawTlsConnection;
  readonly server: RawTlsConnection;
  readonly proof: HandshakeProof;
}

export interface HandshakeOptions {
  readonly key: RawKey;
  /** Appended to the default priority of the client, or of the server. */
  readonly clientPriority?: string;
  readonly serverPriority?: string;
  readonly client?: Partial<ClientOptions>;
  readonly server?: Partial<ServerOptions>;
  readonly streams?: readonly [Duplex, Duplex];
}

const opened = (outcome: RawTlsConnection | RawTlsFailure): RawTlsConnection => {
  if (outcome.kind === 'failed') throw new Error(`handshake failed: ${outcome.reason} ${outcome.text}`);
  return outcome;
};

/** Shakes hands and makes the proof of it. Rejects if either side fails. */
export const shakeHands = async (options: HandshakeOptions): Promise<Handshake> => {
  const [near, far] = options.streams ?? duplexPair();
  const nonce = randomBytes(32);
  const gateRandom = randomBytes(32);
  const clientPriority = MANDOS_PRIORITY + (options.clientPriority ?? '');
  const serverPriority = MANDOS_PRIORITY + (options.serverPriority ?? '');
  const clientRandom = clientRandomOf(nonce, gateRandom);
  const outcomes = await Promise.all([
    openRawTls(near, { role: 'client', priority: clientPriority, clientRandom, ...options.client }),
    openRawTls(far, { role: 'server', priority: serverPriority, key: options.key, ...options.server }),
  ]);
  const client = opened(outcomes[0]);
  const server = opened(outcomes[1]);
  return { client, server, proof: { messages: client.messages, nonce, gateRandom } };
};

/** Loads a key pair and releases it after the work. */
export const withKey = async <T>(pair: KeyPair, work: (key: RawKey) => Promise<T>): Promise<T> => {
  const key = RawKey.load(pair.publicKey, pair.privateKey);
  try {
    return await work(key);
  } finally {
    key.release();
  }
};

// TLS 1.3 (RFC 8446) with one external pre-shared key per peer and ephemeral key exchange, over any duplex stream. Both
// sides prove the key; certificates play no part. Nobody without the key learns more than that a link is here: an unknown
// name, a wrong key and a wrong uid fail alike, at the same message.

import { constants, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { isPeerIdentity, type PeerKey } from './peer.ts';

// OpenSSL binds an external key to SHA-256, hence to the suites that use it.
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:PSK';

// ssl.h, SSL_OP_CLEANSE_PLAINTEXT: OpenSSL zeroes its own copy of what it decrypted. Node has no name for it.
const CLEANSE_PLAINTEXT = 2;

const settings: tls.SecureContextOptions = {
  ciphers: CIPHERS,
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ca: [],
  // No tickets: a resumed session would not name its peer.
  secureOptions: constants.SSL_OP_NO_TICKET | CLEANSE_PLAINTEXT,
};

let serverContext: tls.SecureContext | undefined;

/** Both sides did not come to share a key. Says nothing about why to the other side. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
}

/** Stands in for keys that do not exist, so that they fail where wrong keys do. */
const decoy = randomBytes(32);

/** Waits for the handshake; on failure the stream is destroyed. */
const settled = (secure: tls.TLSSocket, stream: Duplex, event: string, timeoutMs: number | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer);
      secure.destroy();
      stream.destroy();
      reject(new HandshakeError(reason));
    };
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => fail('the handshake took too long'), timeoutMs);
    secure.once(event, () => {
      clearTimeout(timer);
      resolve();
    });
    // Stays: an error after the handshake also ends as a close, and must not be unhandled.
    secure.on('error', (error: NodeJS.ErrnoException) => fail(`the handshake failed (${error.code ?? error.name})`));
    secure.once('close', () => {
      stream.destroy();
      fail('the other side closed during the handshake');
    });
    stream.on('error', () => secure.destroy());
    stream.once('close', () => secure.destroy());
    if (stream.destroyed) fail('the stream is closed');
  });

export interface ServerSideOptions {
  /** Looks a peer up; the answer may be undefined. */
  readonly keyOf: (identity: string) => PeerKey | undefined;
  /** The uid at the other end, where the stream knows it. */
  readonly uid?: number;
  /** Undefined: it may take for ever. */
  readonly timeoutMs: number | undefined;
}

/**
 * Does the handshake as the server; resolves to the stream and the key that the peer proved.
 * Rejects with {@link HandshakeError}; the stream is destroyed then.
 */
export const secureServerSide = async (
  stream: Duplex,
  options: ServerSideOptions,
): Promise<{ readonly secure: tls.TLSSocket; readonly key: PeerKey }> => {
  serverContext ??= tls.createSecureContext(settings);
  let proved: PeerKey | undefined;
  const secure = new tls.TLSSocket(stream, {
    isServer: true,
    secureContext: serverContext,
    pskCallback: (_socket: tls.TLSSocket, identity: string) => {
      const key = isPeerIdentity(identity) ? options.keyOf(identity) : undefined;
      const isFromHere = key?.uid === undefined || options.uid === undefined || key.uid === options.uid;
      proved = key !== undefined && isFromHere ? key : undefined;
      return proved?.key ?? decoy;
    },
    // The types know this option only on a server, but the socket takes it (tls.js, TLSSocket._init).
  } as tls.TLSSocketOptions);
  // Without a tls.Server node:tls tells a damaged record behind the handshake only by this event (tls.js, _tlsError), and
  // would leave the connection open.
  secure.on('_tlsError', (error: Error) => secure.destroy(error));
  await settled(secure, stream, 'secure', options.timeoutMs);
  if (proved === undefined) {
    secure.destroy();
    stream.destroy();
    throw new HandshakeError('no key was proved');
  }
  return { secure, key: proved };
};

/** Does the handshake as the client. Rejects with {@link HandshakeError}; the stream is destroyed then. */
export const secureClientSide = async (stream: Duplex, key: PeerKey, timeoutMs: number): Promise<tls.TLSSocket> => {
  const secure = tls.connect({
    ...settings,
    socket: stream,
    pskCallback: () => ({ psk: key.key, identity: key.identity }),
    // Asked only when the other side showed a certificate in place of the key.
    checkServerIdentity: () => new Error('a certificate is not accepted here'),
  });
  await settled(secure, stream, 'secureConnect', timeoutMs);
  // True exactly when the pre-shared key was used.
  if (!secure.isSessionReused()) {
    secure.destroy();
    stream.destroy();
    throw new HandshakeError('the server did not prove the key');
  }
  return secure;
};

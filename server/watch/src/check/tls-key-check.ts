// `@tls-key`: whether a TLS server holds a key. Invariant: the check succeeds only if a full handshake went through, in which
// the server proved that it holds the key of the certificate it showed, and the key is the expected one. Who signed the
// certificate, for which name and until when does not matter: the key is known. RFC 8446, RFC 7469 section 2.4

import { hash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

export interface TlsKeyCheck {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal. */
  readonly keySha256: string;
  readonly patienceMs: number;
}

const holdsKey = (socket: TLSSocket, keySha256: string): boolean => {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  return key !== undefined && timingSafeEqual(hash('sha256', key, 'buffer'), Buffer.from(keySha256, 'hex'));
};

/** Resolves, never rejects, with whether the server holds the key; `signal` gives up. */
export const checkTlsKey = (check: TlsKeyCheck, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const { host, port, keySha256, patienceMs } = check;
    const isAddress = isIP(host.replace(/%.*$/, '')) !== 0;
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      minVersion: 'TLSv1.2',
      ...(isAddress ? {} : { servername: host }),
    });
    const end = (isAlive: boolean): void => {
      clearTimeout(impatience);
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(isAlive);
    };
    const giveUp = (): void => end(false);
    const impatience = setTimeout(giveUp, patienceMs);
    signal.addEventListener('abort', giveUp);
    socket.once('error', giveUp);
    socket.once('close', giveUp);
    socket.once('secureConnect', () => {
      try {
        end(holdsKey(socket, keySha256));
      } catch {
        // A certificate with a key that cannot be read.
        end(false);
      }
    });
  });

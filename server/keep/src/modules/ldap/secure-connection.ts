// A connection to a server of the directory, encrypted before anything is said about anybody. The server has to show a
// certificate of the authority that the settings name, for the name that they name; the system's own authorities are not
// asked. RFC 4513 section 3.1, RFC 9525

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { ldap } from '@chatelaine/contract';
import { Client, ResultCodeError } from 'ldapts';
import type { ServerAddress } from './server-address.ts';

const START_TLS = '1.3.6.1.4.1.1466.20037';
/** Two entries with one attribute are far below. What is larger is no answer to what was asked. */
const MOST_BYTES = 262_144;

/** A conversation that led to nothing. */
export class DirectoryFailure extends Error {
  override readonly name = 'DirectoryFailure';
  readonly problem: ldap.DirectoryProblem;
  /** In the words of the system or the server. */
  readonly detail: string | undefined;

  constructor(problem: ldap.DirectoryProblem, detail?: string) {
    super(detail === undefined ? problem : `${problem}: ${detail}`);
    this.problem = problem;
    this.detail = detail;
  }
}

/** What a client listens to. */
const heard = ['data', 'end', 'close', 'error', 'timeout'] as const;

/** Cuts off whoever says too much. */
const limitBytes = (socket: net.Socket): void => {
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
    if (received > MOST_BYTES) socket.destroy();
  });
};

/** The library's client on a connection that is there already. */
export const clientOn = (socket: net.Socket): Client =>
  new Client({ url: 'ldap://directory', createConnection: () => socket });

/**
 * Asks for encryption. The connection is left without anything of the client that asked: a client keeps the beginning of an
 * answer until the rest arrives, and what came unencrypted must not become the beginning of what comes encrypted.
 */
const askForTls = async (socket: net.Socket): Promise<void> => {
  const before = new Set(heard.flatMap((event) => socket.rawListeners(event)));
  limitBytes(socket);
  try {
    await clientOn(socket).exop(START_TLS);
  } catch (error) {
    if (error instanceof ResultCodeError) throw new DirectoryFailure('no-tls', `result ${error.code}`);
    throw error;
  }
  for (const event of heard) {
    for (const listener of socket.rawListeners(event)) {
      if (!before.has(listener)) socket.off(event, listener as () => void);
    }
  }
  socket.on('error', () => undefined);
};

const certificateProblems: Readonly<Record<string, ldap.DirectoryProblem>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong-name',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-expired',
};

/** OpenSSL's names for a certificate that it does not accept; verify(1). */
const isOfVerification = (code: string): boolean => /CERT|SIGNATURE|ISSUER|CHAIN|PURPOSE|UNTRUSTED|CRL/.test(code);

const problemOfTls = (error: NodeJS.ErrnoException): DirectoryFailure => {
  const code = error.code ?? error.message;
  const problem = certificateProblems[code] ?? (isOfVerification(code) ? 'untrusted' : 'no-tls');
  return new DirectoryFailure(problem, code);
};

const untilEvent = async (
  socket: net.Socket,
  event: string,
  failureOf: (error: NodeJS.ErrnoException) => DirectoryFailure,
): Promise<void> => {
  const closed = once(socket, 'close').then(() => {
    throw new DirectoryFailure('broken-off');
  });
  closed.catch(() => undefined);
  try {
    await Promise.race([once(socket, event), closed]);
  } catch (error) {
    throw error instanceof DirectoryFailure ? error : failureOf(error as NodeJS.ErrnoException);
  }
};

/**
 * Connects. `keepTrack` gets each socket as soon as there is one, so that whoever gives up can destroy it.
 *
 * @param authority certificates in PEM
 * @throws {DirectoryFailure}
 */
export const connectSecurely = async (
  { host, port, isStartTls }: ServerAddress,
  authority: string,
  keepTrack: (socket: net.Socket) => void,
): Promise<tls.TLSSocket> => {
  const plain = net.connect({ host, port });
  keepTrack(plain);
  await untilEvent(plain, 'connect', ({ code, message }) => new DirectoryFailure('unreachable', code ?? message));
  if (isStartTls) await askForTls(plain);
  const socket = tls.connect({
    ...{ socket: plain, host, ca: authority, minVersion: 'TLSv1.2', rejectUnauthorized: true },
    // A name alone can be announced. RFC 6066 section 3
    ...(net.isIP(host) === 0 && { servername: host }),
  });
  keepTrack(socket);
  await untilEvent(socket, 'secureConnect', problemOfTls);
  limitBytes(socket);
  return socket;
};

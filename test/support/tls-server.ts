// OpenSSL's test server on the loopback interface, with a key and a certificate that nobody vouches for.

import { spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';
import { untilListening } from './ssh-server.ts';

export interface TlsServer {
  readonly port: number;
  /** SHA-256 of its SubjectPublicKeyInfo, in hexadecimal. */
  readonly keySha256: string;
}

/**
 * Starts one.
 *
 * @param kind what `openssl req -newkey` takes
 * @param more options of `openssl s_server`
 */
export const startTlsServer = async (
  scratch: Scratch,
  kind: readonly string[],
  more: readonly string[] = [],
): Promise<TlsServer> => {
  const directory = scratch.directory();
  const [key, certificate] = [path.join(directory, 'key.pem'), path.join(directory, 'certificate.pem')];
  const subject = ['-subj', '/CN=somebody.example', '-days', '1'];
  const files = ['-keyout', key, '-out', certificate];
  await runToSuccess('openssl', ['req', '-x509', '-nodes', '-newkey', ...kind, ...subject, ...files]);
  const port = await freePort();
  const args = ['s_server', '-quiet', '-accept', `127.0.0.1:${port}`, '-key', key, '-cert', certificate, ...more];
  const server = spawn('openssl', args, { stdio: ['pipe', 'ignore', 'ignore'] });
  scratch.atEnd(() => server.kill('SIGKILL'));
  await untilListening(port);
  const spki = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: 'spki', format: 'der' });
  return { port, keySha256: createHash('sha256').update(spki).digest('hex') };
};

// OpenSSH's server on the loopback interface, with a host key of its own and nobody who could log in unless a test says so; and
// servers that pretend to be it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';

/** A host key, as it stands in a known_hosts file. */
export interface HostKey {
  readonly file: string;
  readonly type: string;
  readonly base64: string;
}

const PATIENCE_MS = 20_000;

export const makeHostKey = async (scratch: Scratch, type: 'ed25519' | 'rsa' | 'ecdsa'): Promise<HostKey> => {
  const file = path.join(scratch.directory(), 'host_key');
  await runToSuccess('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
  const [keyType = '', base64 = ''] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { file, type: keyType, base64 };
};

const isListening = async (port: number): Promise<boolean> => {
  const socket = net.connect(port, '127.0.0.1');
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isThere;
};

/** Waits until somebody listens on a port of the loopback interface. */
export const untilListening = async (port: number): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isListening(port))) {
    if (Date.now() > deadline) throw new Error(`nobody listens on port ${port}`);
    await sleep(50);
  }
};

/** Starts the server, with settings beside its own; gives its port. Root only. */
export const startSshServer = async (
  scratch: Scratch,
  { file }: HostKey,
  more: readonly string[] = [],
): Promise<number> => {
  // The server wants this directory; the package makes it at its service's start.
  if (!existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
  const port = await freePort();
  const config = path.join(scratch.directory(), 'sshd_config');
  const settings = ['PidFile none', 'UsePAM no', 'PasswordAuthentication no', 'PerSourcePenalties no'];
  const known = await runToSuccess('/usr/sbin/sshd', ['-T', '-h', file]).catch(() => '');
  const supported = settings.filter((line) => known === '' || known.includes((line.split(' ')[0] ?? '').toLowerCase()));
  const own = [`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${file}`, 'MaxStartups 100', ...supported, ...more];
  writeFileSync(config, `${own.join('\n')}\n`);
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: 'ignore' });
  scratch.atEnd(async () => {
    const end = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : undefined;
    server.kill('SIGTERM');
    await end;
  });
  await untilListening(port);
  return port;
};

const startServer = async (scratch: Scratch, serve: (socket: net.Socket) => void): Promise<number> => {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    serve(socket);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  scratch.atEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return port;
};

/** A server that says some text and then nothing more, but for the client's end. */
export const startTalker = (scratch: Scratch, text: string): Promise<number> =>
  startServer(scratch, (socket) => socket.write(text));

/** Stands between clients and a real server, and changes what the server says with `change`; `undefined` cuts them off. */
export const startProxy = (
  scratch: Scratch,
  port: number,
  change: () => (bytes: Buffer) => Buffer | undefined,
): Promise<number> =>
  startServer(scratch, (client) => {
    const changed = change();
    const server = net.connect(port, '127.0.0.1');
    server.on('error', () => client.destroy());
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => {
      const said = changed(bytes);
      if (said === undefined) client.destroy();
      else client.write(said);
    });
    client.once('close', () => server.destroy());
    server.once('close', () => client.end());
  });

const SSH_MSG_KEX_ECDH_REPLY = 31;

/**
 * Spoils the signature in the server's answer to the key exchange and leaves its public key as it is: what somebody can do who
 * knows the public key alone. RFC 4253 section 6, RFC 5656 section 4
 */
export const spoiledSignature = (): ((bytes: Buffer) => Buffer) => {
  let seen = Buffer.alloc(0);
  let isDone = false;
  return (bytes) => {
    if (isDone) return bytes;
    const from = seen.length;
    seen = Buffer.concat([seen, bytes]);
    let at = seen.indexOf('\n') + 1;
    while (at > 0 && at + 6 <= seen.length) {
      const length = seen.readUInt32BE(at);
      if (seen[at + 5] === SSH_MSG_KEX_ECDH_REPLY && at + 4 + length <= seen.length) {
        // The signature ends the payload; padding follows it.
        const last = at + 4 + length - (seen[at + 4] ?? 0) - 1;
        seen[last] = (seen[last] ?? 0) ^ 1;
        isDone = true;
        break;
      }
      at += 4 + length;
    }
    return seen.subarray(from);
  };
};

/** Says to every client what a real server said to the first one. */
export const startReplay = async (scratch: Scratch, port: number): Promise<number> => {
  const recorded: Buffer[] = [];
  const recorder = await startProxy(scratch, port, () => (bytes) => {
    recorded.push(Buffer.from(bytes));
    return bytes;
  });
  const options = [
    '-F',
    'none',
    '-o',
    'BatchMode=yes',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
  ];
  // It cannot log in; the key exchange is all that is wanted.
  await runToSuccess('sh', [
    '-c',
    'ssh "$@" || true',
    'sh',
    ...options,
    '-p',
    String(recorder),
    'nobody@127.0.0.1',
    'true',
  ]);
  if (recorded.length === 0) throw new Error('nothing was recorded');
  const whole = Buffer.concat(recorded);
  return await startServer(scratch, (socket) => socket.write(whole));
};

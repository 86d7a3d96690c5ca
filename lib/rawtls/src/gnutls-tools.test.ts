// Against programs that others wrote: GnuTLS's own gnutls-serv and gnutls-cli, each with a raw public key.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { liveSessions, MANDOS_PRIORITY, openRawTls, RawKey, verifyHandshakeProof } from './index.ts';
import { clientRandomOf } from './proof.ts';
import { makeKeyPair } from './shake-hands.ts';

const directory = mkdtempSync(join(tmpdir(), 'gnutls-tools-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

const pair = makeKeyPair();
const publicFile = join(directory, 'public.pem');
const privateFile = join(directory, 'private.pem');
writeFileSync(publicFile, pair.publicKey);
writeFileSync(privateFile, pair.privateKey, { mode: 0o600 });
const rawKeyOptions = ['--rawpkfile', publicFile, '--rawpkkeyfile', privateFile];

const start = (program: string, args: readonly string[]): ChildProcess => {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin?.on('error', () => undefined);
  children.push(child);
  return child;
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const connectSoon = async (port: number): Promise<Socket> => {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};

// Its session tickets come before the echo: what stands behind them in the input must not wait for more.
test('gnutls-serv proves its key to us, and echoes what we send', { timeout: 20_000 }, async () => {
  const port = await freePort();
  start('gnutls-serv', [
    '--echo',
    '--port',
    String(port),
    '--priority',
    MANDOS_PRIORITY,
    '--disable-client-cert',
    ...rawKeyOptions,
  ]);
  const nonce = Buffer.alloc(32, 1);
  const gateRandom = Buffer.alloc(32, 2);
  const clientRandom = clientRandomOf(nonce, gateRandom);
  const tls = await openRawTls(await connectSoon(port), { role: 'client', clientRandom });
  assert.ok(tls.kind === 'open', tls.kind === 'failed' ? tls.text : '');
  const verdict = verifyHandshakeProof({ messages: tls.messages, nonce, gateRandom });
  assert.equal(verdict.kind === 'ok' && verdict.keyId, pair.keyId);
  tls.send(Buffer.from('echo me\n'));
  await tls.flush();
  const received = await tls.receive();
  assert.equal(received.kind === 'data' && received.bytes.toString(), 'echo me\n');
  await tls.close();
  assert.equal(liveSessions(), 0);
});

test('gnutls-cli accepts our key, and gets what we send', { timeout: 20_000 }, async () => {
  const listener = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const accepted = once(listener, 'connection');
  const cli = start('gnutls-cli', [
    '--no-ca-verification',
    '--port',
    String(port),
    '--priority',
    MANDOS_PRIORITY,
    '127.0.0.1',
  ]);
  let printed = '';
  cli.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const key = RawKey.load(pair.publicKey, pair.privateKey);
  const tls = await openRawTls((await accepted)[0] as Socket, { role: 'server', key });
  assert.ok(tls.kind === 'open', tls.kind === 'failed' ? tls.text : '');
  tls.send(Buffer.from('from us to gnutls-cli\n'));
  await tls.close();
  await once(cli, 'exit');
  assert.match(printed, /from us to gnutls-cli/);
  key.release();
  listener.close();
  assert.equal(liveSessions(), 0);
});

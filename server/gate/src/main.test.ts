// The gate as a process, beside a keep that the test can take away.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { machines, ok, refuse, system } from '@chatelaine/contract';
import { type LinkHandler, LinkServer, listenUnix, makePeerKey, type PeerKey, writePeerKey } from '@chatelaine/link';
import { openRawTls, RawKey } from '@chatelaine/rawtls';
import { makeKeyPair } from '@chatelaine/rawtls/testing';

const directory = mkdtempSync(join(tmpdir(), 'gate-'));
const configFile = join(directory, 'chatelaine.toml');
const socketFile = join(directory, 'keep.sock');
const pidFile = join(directory, 'gate.pid');
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

const config = (more = ''): string => `purpose = "development"
[keep]
socket = ${JSON.stringify(socketFile)}
[gate]
directory = ${JSON.stringify(join(directory, 'gate'))}
pid_file = ${JSON.stringify(pidFile)}
drain_seconds = 5
[gate.mandos]
listen = ["127.0.0.1:0"]
${more}`;

interface Running {
  readonly child: ChildProcess;
  readonly words: () => string;
  readonly ended: Promise<number | null>;
}

const start = (args: readonly string[]): Running => {
  const program = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  children.push(child);
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, words: () => words, ended };
};

const readyLine = async ({ child, words, ended }: Running): Promise<{ readonly mandos: readonly string[] }> => {
  const line = once(child.stdio[3] as NodeJS.ReadableStream, 'data').then(([chunk]) => String(chunk));
  const end = ended.then((code) => {
    throw new Error(`the gate ended with ${code}: ${words()}`);
  });
  return JSON.parse(await Promise.race([line, end]));
};

const secret = Buffer.from('an OpenPGP message, as far as anybody here knows');

const keepHandler: LinkHandler = {
  call: async (peer, { operation }) => {
    const isAllowed = peer.role === 'gate' && operation === machines.fetch.name;
    return { result: isAllowed ? ok({ secret: Buffer.from(secret) }) : refuse('denied') };
  },
  stream: async (_, { operation, signal }) => {
    if (operation !== system.nonce.name) return refuse('unknown-operation');
    return (async function* () {
      yield { nonce: Buffer.alloc(32, 7), validMs: 30_000 };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    })();
  },
};

const startKeep = async (key: PeerKey): Promise<{ readonly stop: () => Promise<void> }> => {
  const server = new LinkServer({ keyOf: () => key, handler: keepHandler });
  const listener = await listenUnix({ path: socketFile, mode: 0o600, server });
  return {
    stop: async () => {
      await listener.close();
      await server.close({ drainMs: 0 });
    },
  };
};

const machine = makeKeyPair();

/** What a machine gets; empty if it was refused. */
const fetch = async (address: string): Promise<string> => {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('1\r\n');
  const key = RawKey.load(machine.publicKey, machine.privateKey);
  const tls = await openRawTls(socket, { role: 'server', key });
  key.release();
  if (tls.kind === 'failed') throw new Error(tls.text);
  const received = await tls.receive();
  await tls.close();
  return received.kind === 'data' ? received.bytes.toString() : '';
};

/** Asks until the answer is the awaited one: the gate notices a change by itself, but not at once. */
const fetchUntil = async (address: string, awaited: string): Promise<void> => {
  for (let attempt = 0; (await fetch(address)) !== awaited; attempt++) {
    assert.ok(attempt < 200, `never ${JSON.stringify(awaited)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test('the gate is ready without its keep, refuses everybody meanwhile, serves when it comes, and again after a restart', async () => {
  mkdirSync(join(directory, 'gate'));
  const key = makePeerKey('gate', 'gate');
  await writePeerKey(join(directory, 'gate', 'link.key'), key);
  writeFileSync(configFile, config());
  const gate = start(['--config', configFile, '--ready-fd', '3']);
  const [address = ''] = (await readyLine(gate)).mandos;
  assert.match(address, /^127\.0\.0\.1:\d+$/);
  assert.equal(readFileSync(pidFile, 'utf8'), `${gate.child.pid}\n`);
  assert.equal(await fetch(address), '');
  for (let round = 0; round < 2; round++) {
    const keep = await startKeep(key);
    await fetchUntil(address, secret.toString());
    await keep.stop();
    await fetchUntil(address, '');
  }
  gate.child.kill('SIGTERM');
  assert.equal(await gate.ended, 0, gate.words());
  assert.equal(existsSync(pidFile), false);
  assert.ok(!gate.words().includes(secret.toString()), 'no secret is logged');
});

test('what is wrong with the settings is said with its line, and ends the process before it listens', async () => {
  writeFileSync(configFile, config('handshake_seconds = -1\n'));
  const wrong = start(['--config', configFile, '--check-config']);
  assert.equal(await wrong.ended, 4);
  assert.match(wrong.words(), /chatelaine\.toml:10: gate\.mandos\.handshake_seconds: /);
  writeFileSync(configFile, config());
  assert.equal(await start(['--config', configFile, '--check-config']).ended, 0);
  const usage = start(['--no-such-option']);
  assert.equal(await usage.ended, 2);
});

test('without its key of the link, or with a port that is taken, the gate says so in words', async () => {
  const holder = start(['--config', configFile, '--ready-fd', '3']);
  const [address = ''] = (await readyLine(holder)).mandos;
  writeFileSync(configFile, config().replace('127.0.0.1:0', address).replace('gate.pid', 'other.pid'));
  const second = start(['--config', configFile]);
  assert.equal(await second.ended, 1);
  assert.match(second.words(), /gate: cannot listen at 127\.0\.0\.1:\d+: EADDRINUSE\n/);
  holder.child.kill('SIGTERM');
  await holder.ended;
  rmSync(join(directory, 'gate', 'link.key'));
  const keyless = start(['--config', configFile]);
  assert.equal(await keyless.ended, 1);
  assert.match(keyless.words(), /^gate: .*link\.key.*\n$/);
});

test('what a front keeps is made once, beforehand, and a person is told what to know of it', async () => {
  const prepare = async (): Promise<string> => {
    const preparing = start(['--config', configFile, '--prepare']);
    assert.equal(await preparing.ended, 0, preparing.words());
    return preparing.words();
  };
  writeFileSync(configFile, config());
  assert.equal(await prepare(), '{}\n', 'a front that is not named makes nothing');
  writeFileSync(configFile, config().replace('[gate]\n', '[gate]\nfronts = ["http"]\n'));
  const first = await prepare();
  assert.match(first, /^\{"http":\{"fingerprint":"[0-9A-F]{2}(:[0-9A-F]{2}){31}"\}\}\n$/);
  assert.equal(await prepare(), first);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openRawTls, RawKey, type RawTlsConnection } from '@chatelaine/rawtls';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import { type Answer, type AskLimits, askServer } from './ask-server.ts';

const pair = makeKeyPair();

/** What a server does that has accepted a connection. */
type Behaviour = (socket: net.Socket) => Promise<unknown> | unknown;

const askOf = async (behaviour: Behaviour, limits: Partial<AskLimits> = {}): Promise<Answer> => {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    void behaviour(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const key = RawKey.load(pair.publicKey, Buffer.from(pair.privateKey));
  try {
    return await askServer({ host: '127.0.0.1', port }, { key, signal: new AbortController().signal, limits });
  } finally {
    key.release();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
};

const textOf = async (behaviour: Behaviour, limits: Partial<AskLimits> = {}): Promise<string> => {
  const answer = await askOf(behaviour, limits);
  return answer.kind === 'failed' ? answer.text : answer.kind;
};

/** Reads the protocol line and shakes hands, as a server does. */
const greet = async (socket: net.Socket): Promise<RawTlsConnection> => {
  const [line] = await once(socket, 'data');
  assert.equal(String(line), '1\r\n');
  const opened = await openRawTls(socket, { role: 'client' });
  assert.equal(opened.kind, 'open');
  return opened.kind === 'open' ? opened : assert.fail();
};

const saying =
  (...parts: readonly Buffer[]): Behaviour =>
  async (socket) => {
    const connection = await greet(socket);
    for (const part of parts) {
      connection.send(part);
      await connection.flush();
    }
    await connection.close();
  };

test('a message comes whole, however it was cut up', async () => {
  const parts = [Buffer.from('correct '), Buffer.from([0, 10]), Buffer.alloc(200_000, 7)];
  assert.deepEqual(await askOf(saying(...parts)), { kind: 'message', bytes: Buffer.concat(parts) });
});

test('a server that only says goodbye has nothing for us', async () => {
  assert.equal(await textOf(saying()), 'nothing');
});

test('a server that sends more than an answer can be is left', async () => {
  const answer = textOf(async (socket) => {
    const connection = await greet(socket);
    for (let part = 0; part < 300; part++) {
      connection.send(Buffer.alloc(16_384));
      await connection.flush();
    }
  });
  assert.equal(await answer, 'sends more than an answer can be');
});

test('half a message is none: cut off, or never ended', async () => {
  const cut = textOf(async (socket) => {
    const connection = await greet(socket);
    connection.send(Buffer.from('half'));
    await connection.flush();
    socket.end();
  });
  assert.match(await cut, /^broke off in the middle of an answer/);
  const endless = textOf(
    async (socket) => {
      const connection = await greet(socket);
      connection.send(Buffer.from('half'));
      await connection.flush();
    },
    { messageMs: 50 },
  );
  assert.equal(await endless, 'began an answer and did not end it in time');
});

test('a server that speaks something else, closes, or says nothing is told from the others', async () => {
  assert.match(
    await textOf((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    /^does not speak as a Mandos server/,
  );
  assert.match(await textOf((socket) => socket.destroy()), /^(?:does not speak as a Mandos server|broke off)/);
  assert.equal(await textOf(() => undefined, { handshakeMs: 50 }), 'says nothing');
});

test('how long a server thinks before its first byte is not bounded', async () => {
  const slow: Behaviour = async (socket) => {
    const connection = await greet(socket);
    await pause(150);
    connection.send(Buffer.from('approved'));
    await connection.close();
  };
  assert.equal((await askOf(slow, { handshakeMs: 100, messageMs: 100 })).kind, 'message');
});

test('a port where nobody listens is said to refuse', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  const key = RawKey.load(pair.publicKey, Buffer.from(pair.privateKey));
  const answer = await askServer({ host: '127.0.0.1', port }, { key, signal: new AbortController().signal });
  key.release();
  assert.deepEqual(answer, { kind: 'failed', text: 'refuses the connection', code: 'ECONNREFUSED' });
});

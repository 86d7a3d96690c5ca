// Attacks on the link, kept for ever: strangers before the handshake, and peers that misbehave behind it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import tls from 'node:tls';
import { encodeWhole, ok, refuse } from '@chatelaine/contract';
import { connectUnix } from './connect-unix.ts';
import { frameKind, MAX_BODY_BYTES } from './frame.ts';
import { LinkClient } from './link-client.ts';
import { type LinkEvent, LinkServer } from './link-server.ts';
import { listenUnix } from './listen-unix.ts';
import type { PeerKey } from './peer.ts';
import { makePeerKey } from './peer-key.ts';
import { ScriptedHandler } from './scripted-handler.ts';
import { secureClientSide } from './secure-stream.ts';

const uid = process.getuid?.() ?? 0;
const gate = makePeerKey('gate', 'gate', uid);
const elsewhere = makePeerKey('elsewhere', 'admin', uid + 1);
const keys = new Map([gate, elsewhere].map((key) => [key.identity, key]));

const directory = mkdtempSync(join(tmpdir(), 'link-attacks-'));
const path = join(directory, 'link.sock');
let handler: ScriptedHandler;
let server: LinkServer;
let honest: LinkClient;
let events: LinkEvent[];

const turnedAway = (): readonly string[] =>
  events.flatMap((event) => (event.kind === 'turned-away' ? [event.reason] : []));

/** That the others are served as before. */
const assertHonestIsServed = async (): Promise<void> => {
  assert.deepEqual(await honest.call('echo', { still: true }), ok({ still: true }));
};

beforeEach(async () => {
  handler = new ScriptedHandler();
  events = [];
  server = new LinkServer({
    keyOf: (identity) => keys.get(identity),
    handler,
    handshakeMs: 300,
    maxHandshakes: 8,
    maxInFlight: 64,
    maxInputBytes: 8 * 1_024 * 1_024,
    maxQueuedBytes: 256 * 1_024,
    onEvent: (event) => events.push(event),
  });
  await listenUnix({ path, mode: 0o600, server });
  honest = new LinkClient({ connect: () => connectUnix(path), key: gate });
  await assertHonestIsServed();
});

afterEach(async () => {
  await honest.close();
  await server.close({ drainMs: 0 });
});

after(() => rmSync(directory, { recursive: true }));

/** `once` would reject at an error that comes before. */
const closed = (stream: Duplex): Promise<void> =>
  new Promise((resolve) => {
    stream.on('error', () => undefined).once('close', resolve);
  });

interface Failure {
  readonly code: string | undefined;
  readonly bytesRead: number;
}

/** Tries a handshake that must fail; what the stranger saw of it. */
const failToConnect = async (options: tls.ConnectionOptions): Promise<Failure> => {
  const socket = await connectUnix(path);
  const secure = tls.connect({ socket, ca: [], rejectUnauthorized: false, minVersion: 'TLSv1.3', ...options });
  let code: string | undefined;
  secure.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  secure.on('data', () => assert.fail('a stranger was told something'));
  await closed(secure);
  assert.ok(code !== undefined, 'the handshake has to fail');
  return { code, bytesRead: socket.bytesRead };
};

const CIPHERS = 'TLS_AES_128_GCM_SHA256:PSK';
const withKey = (key: PeerKey): tls.ConnectionOptions => ({
  ciphers: CIPHERS,
  pskCallback: () => ({ psk: key.key, identity: key.identity }),
});

describe('strangers', () => {
  afterEach(async () => {
    assert.deepEqual(
      handler.seen.filter(({ input }) => !(input as { still?: boolean }).still),
      [],
    );
    await assertHonestIsServed();
  });

  test('an unknown name, a wrong key and a right key from a wrong uid fail alike, byte for byte', async () => {
    const wrongKey = await failToConnect(withKey({ ...gate, key: randomBytes(32) }));
    const unknown = await failToConnect(withKey(makePeerKey('nobody', 'admin')));
    const wrongUid = await failToConnect(withKey(elsewhere));
    assert.deepEqual(unknown, wrongKey);
    assert.deepEqual(wrongUid, wrongKey);
    assert.equal(turnedAway().length, 3);
    assert.equal(new Set(turnedAway()).size, 1);
  });

  test('odd names are nobody', async () => {
    for (const identity of ['GATE', 'gate/../gate', '__proto__', 'constructor', 'g'.repeat(65)]) {
      await failToConnect(withKey({ ...gate, identity }));
    }
  });

  test('without a pre-shared key nobody gets in, with or without a certificate', async () => {
    await failToConnect({ ciphers: 'TLS_AES_128_GCM_SHA256' });
    const { key, cert } = selfSigned;
    await failToConnect({ ciphers: 'TLS_AES_128_GCM_SHA256', key, cert });
  });

  test('older TLS is not spoken, not even with the right key', async () => {
    await failToConnect({
      ...withKey(gate),
      ciphers: 'PSK:ECDHE-PSK-AES128-CBC-SHA256:@SECLEVEL=0',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    });
  });

  test('every connection has a key exchange of its own, so that a key lost later opens nothing recorded before', async () => {
    const socket = await connectUnix(path);
    const secure = await secureClientSide(socket, gate, 1_000);
    const { type } = secure.getEphemeralKeyInfo() as { type?: string };
    assert.ok(type !== undefined);
    secure.destroy();
  });

  test('a session of before does not open the door again without the key', async () => {
    const socket = await connectUnix(path);
    const first = tls.connect({ socket, ca: [], minVersion: 'TLSv1.3', ...withKey(gate) });
    const [session] = (await Promise.race([once(first, 'session'), once(first, 'data').then(() => [undefined])])) as [
      Buffer?,
    ];
    first.destroy();
    if (session !== undefined) await failToConnect({ ciphers: CIPHERS, session });
  });

  test('who says nothing, or says it slowly, is closed in time', async () => {
    const silent = await connectUnix(path);
    const slow = await connectUnix(path);
    const drip = setInterval(() => slow.write(Buffer.from([22])), 50);
    await Promise.all([silent, slow].map((socket) => closed(socket.resume())));
    clearInterval(drip);
    assert.deepEqual(new Set(turnedAway()).size > 0, true);
  });

  test('garbage, and what is meant for another protocol, is closed', async () => {
    for (const bytes of [
      randomBytes(4_096),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([22, 3, 1, 255, 255]),
    ]) {
      const socket = await connectUnix(path);
      socket.resume().write(bytes);
      await closed(socket);
    }
  });

  test('many half-open handshakes of one account do not add up', async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => connectUnix(path)));
    await Promise.all(sockets.map((socket) => closed(socket.resume())));
    assert.ok(turnedAway().filter((reason) => reason.includes('too many')).length >= 92);
  });
});

describe('a false server', () => {
  const falsePath = join(directory, 'false.sock');

  /** What a client says about a server that does `accept` with its connections. */
  const askFalseServer = async (accept: (socket: Socket) => void): Promise<string[]> => {
    const reasons: string[] = [];
    const listener = createServer(accept).listen(falsePath);
    await once(listener, 'listening');
    const client = new LinkClient({
      connect: () => connectUnix(falsePath),
      key: gate,
      waitMs: 0,
      handshakeMs: 300,
      onState: (state) => reasons.push(state.kind === 'down' ? state.reason : state.kind),
    });
    assert.deepEqual(await client.call('echo', { secret: 'hunter2' }), refuse('unavailable'));
    await client.close();
    listener.close();
    return reasons;
  };

  test('a certificate is no key, even one that the machine trusts', async () => {
    const { key, cert } = selfSigned;
    const before = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...before, cert]);
    try {
      const heard: Buffer[] = [];
      const reasons = await askFalseServer((socket) => {
        const secure = new tls.TLSSocket(socket, { isServer: true, key, cert, minVersion: 'TLSv1.3' });
        secure.on('data', (data) => heard.push(data));
        secure.on('error', () => undefined);
      });
      assert.equal(reasons.length, 1);
      assert.match(reasons[0] ?? '', /handshake/);
      assert.deepEqual(heard, []);
    } finally {
      tls.setDefaultCACertificates(before);
    }
  });

  test('a server with another key, or that says nothing, gets no question', async () => {
    const context = { ciphers: CIPHERS, minVersion: 'TLSv1.3' } as const;
    const otherKey = await askFalseServer((socket) => {
      const options = { isServer: true, ...context, pskCallback: () => randomBytes(32) };
      new tls.TLSSocket(socket, options as tls.TLSSocketOptions).on('error', () => undefined).resume();
    });
    assert.match(otherKey.join(), /^the handshake failed/);
    const silent = await askFalseServer((socket) => socket.on('error', () => undefined).resume());
    assert.match(silent.join(), /took too long/);
  });
});

describe('somebody on the line', () => {
  test('a single changed bit ends the connection on both sides, and the question is refused', async () => {
    for (const direction of ['to the server', 'to the client'] as const) {
      const linePath = join(directory, 'line.sock');
      let isEvil = false;
      const line = createServer((near) => {
        const far = connect(path);
        const pass = (from: Socket, to: Socket, isTarget: boolean): void => {
          from.on('error', () => to.destroy()).on('close', () => to.destroy());
          from.on('data', (data) => {
            const last = data.length - 1;
            if (isEvil && isTarget) data.writeUInt8(data.readUInt8(last) ^ 1, last);
            to.write(data);
          });
        };
        pass(near, far, direction === 'to the server');
        pass(far, near, direction === 'to the client');
      }).listen(linePath);
      await once(line, 'listening');
      const client = new LinkClient({
        connect: () => connectUnix(linePath),
        key: gate,
        backoff: { firstMs: 1, mostMs: 1 },
      });
      assert.deepEqual(await client.call('echo', { still: true }), ok({ still: true }));
      isEvil = true;
      assert.deepEqual(await client.call('echo', { still: true }), refuse('unavailable'));
      isEvil = false;
      assert.deepEqual(await client.call('echo', { still: true }), ok({ still: true }));
      await client.close();
      line.close();
      await once(line, 'close');
    }
    assert.ok(events.filter(({ kind }) => kind === 'disconnected').length >= 2);
  });
});

describe('peers that misbehave behind the handshake', () => {
  const frame = (kind: number, id: number, body: Uint8Array = new Uint8Array(), length = 5 + body.length): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUInt32BE(length, 0);
    head.writeUInt8(kind, 4);
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, body]);
  };
  const question = (fields: unknown): Uint8Array => encodeWhole(fields);
  const enter = async (): Promise<tls.TLSSocket> => secureClientSide(await connectUnix(path), gate, 1_000);

  const right = question({ operation: 'never', input: {} });
  const wrong: Readonly<Record<string, readonly Buffer[]>> = {
    'random bytes': [randomBytes(10_000)],
    'a frame too long': [frame(frameKind.call, 1, right, MAX_BODY_BYTES + 6)],
    'the longest length there is': [frame(frameKind.call, 1, right, 0xffff_ffff)],
    'a frame shorter than its head': [frame(frameKind.call, 1, right, 4)],
    'a kind that does not exist': [frame(99, 1, right)],
    'a kind that only a server sends': [frame(frameKind.result, 1, question({ kind: 'ok' }))],
    'a body that is no message': [frame(frameKind.call, 1, Buffer.from('hunter2 hunter2'))],
    'a body without a body': [frame(frameKind.call, 1)],
    'a question that is no object': [frame(frameKind.call, 1, question(7))],
    'a question without an operation': [frame(frameKind.call, 1, question({ input: {} }))],
    'an operation that is no string': [frame(frameKind.call, 1, question({ operation: {}, input: {} }))],
    'a request id that is no string': [
      frame(frameKind.call, 1, question({ operation: 'echo', input: {}, requestId: 1 })),
    ],
    'a window that is no number': [
      frame(frameKind.subscribe, 1, question({ operation: 'echo', input: {}, window: 'x' })),
    ],
    'an id used twice': [frame(frameKind.call, 1, right), frame(frameKind.call, 1, right)],
    'a credit that is no number': [frame(frameKind.credit, 1, new Uint8Array(3))],
  };
  for (const [what, frames] of Object.entries(wrong)) {
    test(`${what}: that connection is closed, the others go on, nothing is quoted`, async () => {
      const secure = await enter();
      secure.on('error', () => undefined).resume();
      for (const bytes of frames) secure.write(bytes);
      await closed(secure);
      await assertHonestIsServed();
      while (!events.some((event) => event.kind === 'disconnected')) await new Promise(setImmediate);
      assert.ok(!JSON.stringify(events).includes('hunter2'));
    });
  }

  test('cancels and credits for what does not exist are nothing', async () => {
    const secure = await enter();
    secure.write(Buffer.concat([frame(frameKind.cancel, 5), frame(frameKind.credit, 6, new Uint8Array(4))]));
    secure.write(frame(frameKind.ping, 7));
    const chunks: Buffer[] = [];
    secure.on('data', (chunk) => chunks.push(chunk));
    while (!Buffer.concat(chunks).includes(frame(frameKind.pong, 7))) await once(secure, 'data');
    secure.destroy();
    await assertHonestIsServed();
  });

  test('a peer that asks and never reads is not read any more; what it asked is bounded', async () => {
    handler.onCall('big', () => ok({ bytes: new Uint8Array(100_000) }));
    const secure = await enter();
    secure.on('error', () => undefined);
    const ask = question({ operation: 'big', input: {} });
    for (let id = 1; id <= 20_000; id++) secure.write(frame(frameKind.call, id, ask));
    for (let turn = 0; turn < 200; turn++) await assertHonestIsServed();
    const answered = handler.seen.filter(({ operation }) => operation === 'big').length;
    assert.ok(answered < 1_000, `${answered} answers of 100 kB were made for a peer that reads none`);
    secure.destroy();
    await assertHonestIsServed();
  });

  test('inputs that are held are bounded in bytes', async () => {
    const secure = await enter();
    const answers: Buffer[] = [];
    secure.on('data', (chunk) => answers.push(chunk));
    const big = question({ operation: 'never', input: { bytes: new Uint8Array(1_900_000) } });
    for (let id = 1; id <= 10; id++) secure.write(frame(frameKind.call, id, big));
    while (!Buffer.concat(answers).includes('"busy"')) await once(secure, 'data');
    assert.equal(handler.seen.filter(({ operation }) => operation === 'never').length, 4);
    secure.destroy();
    await assertHonestIsServed();
  });

  test('connections of one peer are bounded', async () => {
    const limited = new LinkServer({ keyOf: (identity) => keys.get(identity), handler, maxConnections: 3 });
    const limitedPath = join(directory, 'limited.sock');
    await listenUnix({ path: limitedPath, mode: 0o600, server: limited });
    const clients = Array.from(
      { length: 5 },
      () => new LinkClient({ connect: () => connectUnix(limitedPath), key: gate, waitMs: 0 }),
    );
    const answers = [];
    for (const client of clients) answers.push(await client.call('echo', {}));
    assert.deepEqual(answers, [ok({}), ok({}), ok({}), refuse('unavailable'), refuse('unavailable')]);
    await Promise.all(clients.map((client) => client.close()));
    await limited.close({ drainMs: 0 });
  });
});

let selfSigned: { readonly key: Buffer; readonly cert: string };

before(() => {
  const [keyPath, certPath] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', keyPath, '-out', certPath];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      ...subject,
      ...files,
    ],
    {
      stdio: 'ignore',
    },
  );
  selfSigned = { key: readFileSync(keyPath), cert: readFileSync(certPath, 'utf8') };
});

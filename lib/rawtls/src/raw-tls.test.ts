import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import {
  GnutlsError,
  liveSessions,
  openRawTls,
  PriorityError,
  preparePriority,
  RawKey,
  type RawTlsReceived,
} from './index.ts';
import { makeKeyPair, shakeHands, withKey } from './shake-hands.ts';

const pair = makeKeyPair();

const receiveAll = async (from: { receive(): Promise<RawTlsReceived> }): Promise<Buffer | string> => {
  const parts: Buffer[] = [];
  for (;;) {
    const received = await from.receive();
    if (received.kind === 'end') return Buffer.concat(parts);
    if (received.kind === 'failed') return received.reason;
    parts.push(received.bytes);
  }
};

/** Lets what is under way settle: streams in memory need some turns of the event loop. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const assertNothingLeft = async (): Promise<void> => {
  await settle();
  assert.equal(liveSessions(), 0);
};

test('bytes sent in one go arrive whole, then both sides say goodbye and nothing is left', async () => {
  for (const sizeBytes of [0, 1, 1_200, 16_384, 16_385, 262_144]) {
    await withKey(pair, async (key) => {
      const { client, server } = await shakeHands({ key });
      const secret = randomBytes(sizeBytes);
      client.send(secret);
      const closed = client.close();
      assert.deepEqual(await receiveAll(server), secret);
      assert.equal((await server.close()).kind, 'end');
      assert.equal((await closed).kind, 'end');
    });
    await assertNothingLeft();
  }
});

test('the same works over a TCP connection, both ways', async () => {
  await withKey(pair, async (key) => {
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
    const near = connect(port, '127.0.0.1');
    const { client, server } = await shakeHands({ key, streams: [near, await accepted] });
    server.send(Buffer.from('from the server'));
    await server.flush();
    const received = await client.receive();
    assert.equal(received.kind === 'data' ? received.bytes.toString() : '', 'from the server');
    client.send(Buffer.from('from the client'));
    const closed = client.close();
    assert.equal((await receiveAll(server)).toString(), 'from the client');
    await server.close();
    assert.equal((await closed).kind, 'end');
    await new Promise((resolve) => listener.close(resolve));
  });
  await assertNothingLeft();
});

test('the input may be wiped as soon as it was handed over', async () => {
  await withKey(pair, async (key) => {
    const { client, server } = await shakeHands({ key });
    const secret = Buffer.from('wiped at once');
    client.send(secret);
    secret.fill(0);
    const closed = client.close();
    assert.equal((await receiveAll(server)).toString(), 'wiped at once');
    await server.close();
    await closed;
  });
});

test('a stream that ends without close_notify is a failure, not an end', async () => {
  await withKey(pair, async (key) => {
    const [near, far] = duplexPair();
    const { client, server } = await shakeHands({ key, streams: [near, far] });
    client.send(Buffer.from('cut off'));
    await client.flush();
    client.destroy();
    assert.equal(await receiveAll(server), 'peer-closed');
    assert.equal(server.peerGone.aborted, true);
  });
  await assertNothingLeft();
});

test('a peer that goes away is noticed while nothing is being received', async () => {
  await withKey(pair, async (key) => {
    const { client, server } = await shakeHands({ key });
    const gone = new Promise((resolve) => client.peerGone.addEventListener('abort', resolve));
    server.destroy();
    await gone;
    assert.equal((await client.receive()).kind, 'failed');
  });
  await assertNothingLeft();
});

test('a peer that never answers the ClientHello is given up at the deadline', async () => {
  const [near, far] = duplexPair();
  far.resume();
  const outcome = await openRawTls(near, { role: 'client', limits: { handshakeMs: 20 } });
  assert.equal(outcome.kind === 'failed' && outcome.reason, 'deadline');
  assert.equal(near.destroyed, true);
  await assertNothingLeft();
});

test('a peer that does not say goodbye is given up at the deadline', async () => {
  await withKey(pair, async (key) => {
    const { client, server } = await shakeHands({ key, client: { limits: { closeMs: 20 } } });
    const outcome = await client.close();
    assert.equal(outcome.kind === 'failed' && outcome.reason, 'deadline');
    server.destroy();
  });
  await assertNothingLeft();
});

test('garbage instead of a handshake is a protocol failure and is answered with an alert', async () => {
  const [near, far] = duplexPair();
  const sent: Buffer[] = [];
  far.on('data', (chunk: Buffer) => sent.push(chunk));
  far.write(Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n'));
  const outcome = await openRawTls(near, { role: 'client' });
  assert.equal(outcome.kind === 'failed' && outcome.reason, 'protocol');
  await settle();
  const last = Buffer.concat(sent);
  assert.equal(last[last.length - 7], 21, 'the last record is an alert');
  await assertNothingLeft();
});

test('a peer that sends too much is cut off, before and after the handshake', async () => {
  const [near, far] = duplexPair();
  far.resume();
  // A handshake record that announces a message of 60 kB, in pieces that GnuTLS would go on collecting.
  const record = Buffer.concat([
    Buffer.from('1603034000', 'hex'),
    Buffer.from('0200ea60', 'hex'),
    Buffer.alloc(16_380),
  ]);
  for (let i = 0; i < 5; i++) far.write(record);
  const outcome = await openRawTls(near, { role: 'client', limits: { handshakeBytes: 10_000 } });
  assert.equal(outcome.kind === 'failed' && outcome.reason, 'too-large');
  await withKey(pair, async (key) => {
    const { client, server } = await shakeHands({ key, client: { limits: { receivedBytes: 1_000 } } });
    server.send(Buffer.alloc(2_000));
    await server.flush();
    const received = await client.receive();
    assert.equal(received.kind === 'failed' && received.reason, 'too-large');
    server.destroy();
  });
  await assertNothingLeft();
});

test('a stream that fails is a failure, not an exception', async () => {
  const [near, far] = duplexPair();
  far.resume();
  const outcome = openRawTls(near, { role: 'client' });
  near.destroy(Object.assign(new Error('boom'), { code: 'ECONNRESET' }));
  const settled = await outcome;
  assert.equal(settled.kind === 'failed' && settled.text, 'ECONNRESET');
  await withKey(pair, async (key) => {
    const streams: readonly [Duplex, Duplex] = duplexPair();
    const { client, server } = await shakeHands({ key, streams });
    streams[0].destroy(new Error('boom'));
    assert.equal((await client.receive()).kind, 'failed');
    assert.equal((await client.close()).kind, 'failed');
    server.destroy();
    assert.equal(await receiveAll(server), 'peer-closed');
  });
  await assertNothingLeft();
});

test('a stream that has ended before is a failure at once', async () => {
  const [near, far] = duplexPair();
  far.resume();
  near.destroy();
  const outcome = await openRawTls(near, { role: 'client' });
  assert.equal(outcome.kind === 'failed' && outcome.reason, 'peer-closed');
  await assertNothingLeft();
});

test('neither an old version of TLS nor a certificate is accepted', async () => {
  await withKey(pair, async (key) => {
    for (const serverPriority of [':-VERS-ALL:+VERS-TLS1.2', ':-CTYPE-ALL:+CTYPE-X.509']) {
      await assert.rejects(shakeHands({ key, serverPriority }), /handshake failed/);
      await assertNothingLeft();
    }
  });
});

test('a flight leaves in one write', async () => {
  await withKey(pair, async (key) => {
    const [near, far] = duplexPair();
    let writes = 0;
    const write = near.write.bind(near);
    near.write = ((...given: Parameters<typeof write>) => {
      writes++;
      return write(...given);
    }) as typeof near.write;
    const { client, server } = await shakeHands({ key, streams: [near, far] });
    assert.equal(writes, 2, 'ClientHello; ChangeCipherSpec with Finished');
    client.send(randomBytes(100_000));
    const closed = client.close();
    assert.equal(writes, 3, 'the data with close_notify');
    await receiveAll(server);
    await server.close();
    await closed;
  });
});

test('a wrong priority string and a wrong key pair are clear errors', () => {
  assert.throws(() => preparePriority('NO-SUCH-THING'), PriorityError);
  assert.throws(() => preparePriority('NORMAL\0'), PriorityError);
  assert.equal(preparePriority('NORMAL'), preparePriority('NORMAL'));
  assert.throws(() => RawKey.load(pair.publicKey, Buffer.from('nonsense')), GnutlsError);
});

test('a released key serves the sessions that use it to the end, and no others', async () => {
  const key = RawKey.load(pair.publicKey, pair.privateKey);
  const { client, server } = await shakeHands({ key });
  key.release();
  key.release();
  assert.throws(() => key.take(), GnutlsError);
  client.send(Buffer.from('still here'));
  const closed = client.close();
  assert.equal((await receiveAll(server)).toString(), 'still here');
  await server.close();
  await closed;
  await assertNothingLeft();
});

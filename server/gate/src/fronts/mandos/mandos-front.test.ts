import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { type CallOptions, createClient, ok, type Result, refuse, type Transport } from '@chatelaine/contract';
import { silentLog } from '@chatelaine/process';
import { liveSessions, openRawTls, RawKey, type RawTlsConnection, verifyHandshakeProof } from '@chatelaine/rawtls';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import type { Front } from '../front.ts';
import { mandosConfig } from './mandos-config.ts';
import { mandosFront } from './mandos-front.ts';

interface FetchInput {
  readonly proof: Parameters<typeof verifyHandshakeProof>[0];
  readonly source: { readonly address: string; readonly port: number };
}

type Answer = (input: FetchInput, options: CallOptions) => Promise<Result<unknown>>;

const pair = makeKeyPair();
const key = RawKey.load(pair.publicKey, pair.privateKey);
const secret = randomBytes(1_200);
const nonce = randomBytes(32);
after(() => key.release());

const give: Answer = async () => ok({ secret: Buffer.from(secret) });

interface Started {
  readonly front: Front;
  readonly connect: () => Promise<Socket>;
}

/** Starts a front whose keep answers so, and stops it after the work. */
const withFront = async (
  answer: Answer,
  config: Partial<Record<string, unknown>>,
  work: (started: Started) => Promise<void>,
  current: () => Buffer | undefined = () => nonce,
): Promise<void> => {
  const transport: Transport = {
    call: (_, input, options) => answer(input as FetchInput, options),
    stream: async () => refuse('unavailable'),
  };
  const services = {
    client: createClient(transport),
    nonces: { current },
    log: silentLog,
    directory: '/nonexistent',
    httpParts: [],
  };
  const front = await mandosFront.start(services, mandosConfig.parse({ listen: ['127.0.0.1:0'], ...config }));
  const port = Number(front.addresses[0]?.split(':')[1]);
  const sockets: Socket[] = [];
  try {
    await work({
      front,
      connect: async () => {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        sockets.push(socket);
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        return socket;
      },
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    front.close();
  }
};

/** Speaks the line and shakes hands as a machine does. */
const shakeHands = async (socket: Socket): Promise<RawTlsConnection> => {
  socket.write('1');
  socket.write('\r\n');
  const outcome = await openRawTls(socket, { role: 'server', key });
  if (outcome.kind === 'failed') throw new Error(`${outcome.reason}: ${outcome.text}`);
  return outcome;
};

const receiveAll = async (tls: RawTlsConnection): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for (;;) {
    const received = await tls.receive();
    if (received.kind === 'end') return Buffer.concat(parts);
    if (received.kind === 'failed') throw new Error(received.reason);
    parts.push(received.bytes);
  }
};

const fetch = async (socket: Socket): Promise<Buffer> => {
  const tls = await shakeHands(socket);
  const received = await receiveAll(tls);
  await tls.close();
  return received;
};

/** Everything that comes until the other side is done. */
const readToEnd = async (socket: Socket): Promise<Buffer> => {
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return Buffer.concat(parts);
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('a machine gets its secret verbatim, and the keep gets a proof of its key and where it came from', async () => {
  const asked: FetchInput[] = [];
  const answer: Answer = async (input) => {
    asked.push(input);
    return ok({ secret: Buffer.from(secret) });
  };
  await withFront(answer, {}, async ({ connect }) => {
    const socket = await connect();
    const { localPort } = socket;
    assert.deepEqual(await fetch(socket), secret);
    const [input] = asked;
    assert.ok(input !== undefined);
    assert.deepEqual(input.source, { address: '127.0.0.1', port: localPort });
    assert.deepEqual(input.proof.nonce, nonce);
    const verdict = verifyHandshakeProof(input.proof);
    assert.equal(verdict.kind === 'ok' && verdict.keyId, pair.keyId);
  });
  assert.equal(liveSessions(), 0);
});

test('no two handshakes are made with the same random', async () => {
  const randoms = new Set<string>();
  const answer: Answer = async ({ proof }) => {
    randoms.add(Buffer.from(proof.gateRandom).toString('hex'));
    return refuse('denied');
  };
  await withFront(answer, {}, async ({ connect }) => {
    for (let i = 0; i < 3; i++) await fetch(await connect());
    assert.equal(randoms.size, 3);
  });
});

test('the secret is wiped as soon as it was encrypted', async () => {
  const given = Buffer.from(secret);
  await withFront(
    async () => ok({ secret: given }),
    {},
    async ({ connect }) => {
      const tls = await shakeHands(await connect());
      await tls.receive();
      assert.ok(given.every((byte) => byte === 0));
      tls.destroy();
    },
  );
});

test('a secret of the largest size arrives whole', async () => {
  const large = randomBytes(262_144);
  await withFront(
    async () => ok({ secret: Buffer.from(large) }),
    {},
    async ({ connect }) => assert.deepEqual(await fetch(await connect()), large),
  );
});

test('every refusal looks alike: the whole handshake, no data, a goodbye, the end', async () => {
  const shapes = new Set<string>();
  const codes = ['not-found', 'disabled', 'denied', 'sealed', 'unavailable', 'bad-proof', 'busy', 'internal'] as const;
  const observe = async (socket: Socket): Promise<void> => {
    const records: string[] = [];
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3)) {
        records.push(`${bytes[0]}:${bytes.readUInt16BE(3)}`);
        bytes = bytes.subarray(5 + bytes.readUInt16BE(3));
      }
    });
    assert.equal((await fetch(socket)).length, 0);
    // The ClientHello's length is that of the real server's.
    shapes.add(records.join(' '));
  };
  for (const code of codes) {
    await withFront(
      async () => refuse(code),
      {},
      async ({ connect }) => observe(await connect()),
    );
  }
  await withFront(
    give,
    {},
    async ({ connect }) => observe(await connect()),
    () => undefined,
  );
  assert.equal(shapes.size, 1, [...shapes].join(' | '));
  assert.match([...shapes][0] ?? '', /^22:\d+ 20:1 23:69 23:19$/);
});

test('a line of another protocol, and bytes behind the line, are answered by hanging up without one byte', async () => {
  await withFront(give, {}, async ({ connect }) => {
    for (const line of ['2\r\n', 'GET / HTTP/1.1\r\n', '\n', '1\r\n\x16\x03\x01', 'x'.repeat(300)]) {
      const socket = await connect();
      socket.write(line);
      assert.equal((await readToEnd(socket)).length, 0, JSON.stringify(line));
    }
    const silent = await connect();
    silent.end();
    assert.equal((await readToEnd(silent)).length, 0);
  });
});

test('a line that ends with the stream still gets its ClientHello', async () => {
  await withFront(give, {}, async ({ connect }) => {
    const socket = await connect();
    socket.end('1');
    assert.equal((await readToEnd(socket))[0], 22);
  });
  assert.equal(liveSessions(), 0);
});

test('whoever says nothing, stops after the line, or never says goodbye is given up in time', async () => {
  await withFront(give, { handshake_seconds: 1, goodbye_seconds: 1 }, async ({ connect, front }) => {
    const silent = await connect();
    const half = await connect();
    half.write('1\r\n');
    const tls = await shakeHands(await connect());
    await receiveAll(tls);
    await Promise.all([readToEnd(silent), readToEnd(half)]);
    await front.drain(5_000);
    tls.destroy();
  });
  assert.equal(liveSessions(), 0);
});

test('a machine may wait as long as the keep lets it, and the keep is told when the machine has gone', async () => {
  let waiting = 0;
  let cancelled = 0;
  const wait: Answer = (_, { signal }) =>
    new Promise((resolve) => {
      waiting++;
      signal?.addEventListener('abort', () => {
        cancelled++;
        resolve(refuse('cancelled'));
      });
    });
  await withFront(wait, { handshake_seconds: 1, goodbye_seconds: 1, max_strangers: 2 }, async ({ connect }) => {
    const held: RawTlsConnection[] = [];
    for (let i = 0; i < 3; i++) held.push(await shakeHands(await connect()));
    await until(() => waiting === 3);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(cancelled, 0, 'neither a deadline nor the bound on strangers is for them');
    held[0]?.destroy();
    await until(() => cancelled === 1);
    void held[1]?.close();
    await until(() => cancelled === 2);
    held[2]?.destroy();
    await until(() => cancelled === 3);
  });
});

test('one stranger more than the limit is closed at once, and the others are served', async () => {
  await withFront(give, { max_strangers: 3 }, async ({ connect }) => {
    const held = [await connect(), await connect(), await connect()];
    const late = await connect();
    assert.equal((await readToEnd(late)).length, 0);
    assert.deepEqual(await fetch(held[0] as Socket), secret);
    assert.deepEqual(await fetch(await connect()), secret, 'there is room again');
  });
});

test('a drain answers what is under way, ends who has said nothing, and accepts nobody', async () => {
  const { promise: decided, resolve: decide } = Promise.withResolvers<void>();
  let isAsked = false;
  const answer: Answer = async () => {
    isAsked = true;
    await decided;
    return ok({ secret: Buffer.from(secret) });
  };
  await withFront(answer, {}, async ({ front, connect }) => {
    const idle = await connect();
    const socket = await connect();
    const fetched = fetch(socket);
    await until(() => isAsked);
    let isDrained = false;
    const drained = front.drain(10_000).then(() => {
      isDrained = true;
    });
    assert.equal((await readToEnd(idle)).length, 0);
    await assert.rejects(connect());
    assert.equal(isDrained, false);
    decide();
    assert.deepEqual(await fetched, secret);
    await drained;
  });
});

test('a drain does not outlast its time', async () => {
  const never: Answer = (_, { signal }) =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve(refuse('cancelled'))));
  await withFront(never, {}, async ({ front, connect }) => {
    const tls = await shakeHands(await connect());
    await front.drain(20);
    front.close();
    const received = await tls.receive();
    assert.equal(received.kind, 'failed', 'cut off, and so no answer');
  });
  await until(() => liveSessions() === 0);
});

test('what the keep answers wrongly, or a call that fails, ends the one connection only', async () => {
  let calls = 0;
  const answer: Answer = async () => {
    calls++;
    if (calls === 1) throw new Error('a bug');
    if (calls === 2) return ok({ secret: 'not bytes' });
    return ok({ secret: Buffer.from(secret) });
  };
  await withFront(answer, {}, async ({ connect }) => {
    for (let i = 0; i < 2; i++) {
      const tls = await shakeHands(await connect());
      assert.equal((await tls.receive()).kind, 'failed');
    }
    assert.deepEqual(await fetch(await connect()), secret);
  });
});

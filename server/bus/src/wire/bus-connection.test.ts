// Against a real dbus-daemon, with dbus-send as the other peer.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PrivateBus } from '../testing/private-bus.ts';
import { runToEnd } from '../testing/run-to-end.ts';
import { authenticate, BusError } from './authenticate.ts';
import { BusConnection, BusRefusal } from './bus-connection.ts';
import { encodeMessage, type MessageHead, type ReceivedMessage } from './message.ts';
import type { WireValue } from './value.ts';

const BUS = 'org.freedesktop.DBus';

const ignore = { call: () => undefined, lost: () => undefined };

test('a call from another program arrives with its sender, and the answer arrives there', async () => {
  await using bus = await PrivateBus.start();
  let asked: ReceivedMessage | undefined;
  const connection = await BusConnection.open([bus.path], {
    ...ignore,
    call: (message) => {
      asked = message;
      connection.reply(message, 'su', [`heard ${String(message.readBody()[0])}`, 7]);
    },
  });
  await connection.askBus('RequestName', 'su', ['a.b', 4]);
  const args = [`--bus=${bus.address}`, '--print-reply=literal', '--dest=a.b', '/x', 'i.j.Say', 'string:grün'];
  const { code, output } = await runToEnd('dbus-send', args);
  assert.equal(code, 0, output);
  assert.match(output, /heard grün\s+uint32 7/);
  assert.match(asked?.sender ?? '', /^:1\.\d+$/);
  await connection.close();
});

test('an error arrives with its name and its words', async () => {
  await using bus = await PrivateBus.start();
  const connection = await BusConnection.open([bus.path], {
    ...ignore,
    call: (message) => connection.replyError(message, 'a.b.No', 'not today'),
  });
  await connection.askBus('RequestName', 'su', ['a.b', 4]);
  const { code, output } = await runToEnd('dbus-send', [
    `--bus=${bus.address}`,
    '--print-reply',
    '--dest=a.b',
    '/',
    'i.j.K',
  ]);
  assert.equal(code, 1);
  assert.match(output, /a\.b\.No: not today/);
  await connection.close();
});

test('nobody but the bus can answer what the bus was asked', async () => {
  await using bus = await PrivateBus.start();
  let answer: Promise<readonly unknown[]> | undefined;
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
  const victim = await BusConnection.open([bus.path], {
    ...ignore,
    call: () => {
      // The question is under way when the false answer arrives: both came in one piece.
      answer = victim.askBus('GetConnectionUnixUser', 's', ['a.b']);
      asked();
    },
  });
  await victim.askBus('RequestName', 'su', ['a.b', 4]);
  const socket = connect(bus.path);
  await authenticate(socket, process.geteuid?.() ?? 0, 10_000);
  const send = (head: Partial<MessageHead>, ownSerial: number, values: readonly WireValue[]): Buffer =>
    encodeMessage({ kind: 'call', isReplyExpected: false, signature: '', ...head, serial: ownSerial }, values);
  const hello = { destination: BUS, path: '/org/freedesktop/DBus', interface: BUS, member: 'Hello' };
  // Hello and RequestName were the first two questions of the other side.
  const forged = { kind: 'return', destination: 'a.b', replySerial: 3, signature: 'u' } as const;
  socket.write(
    Buffer.concat([
      send(hello, 1, []),
      send({ destination: 'a.b', path: '/', interface: 'i.j', member: 'Go' }, 2, []),
      ...Array.from({ length: 20 }, (_, index) => send(forged, 3 + index, [4_242])),
    ]),
  );
  await isAsked;
  assert.deepEqual(await answer, [process.geteuid?.()]);
  socket.destroy();
  await victim.close();
});

test('what the bus refuses is told by its name', async () => {
  await using bus = await PrivateBus.start();
  const connection = await BusConnection.open([bus.path], ignore);
  const refusal = connection.askBus('GetConnectionUnixUser', 's', ['nobody.there']);
  await assert.rejects(refusal, (error: unknown) => {
    assert.ok(error instanceof BusRefusal);
    assert.equal(error.errorName, 'org.freedesktop.DBus.Error.NameHasNoOwner');
    return true;
  });
  await connection.close();
});

test('a bus that goes away is told once, and nothing waits for it', async () => {
  await using bus = await PrivateBus.start();
  const lost: BusError[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const connection = await BusConnection.open([bus.path], {
    ...ignore,
    lost: (error) => {
      lost.push(error);
      resolve();
    },
  });
  await bus.stop();
  await promise;
  await assert.rejects(connection.askBus('ListNames'), BusError);
  connection.signal('/', 'a.b', 'C', '', []);
  await connection.drained();
  await connection.close();
  assert.equal(lost.length, 1);
});

test('a bus that dies before it read everything ended too', async () => {
  await using bus = await PrivateBus.start();
  const { promise, resolve } = Promise.withResolvers<BusError>();
  const connection = await BusConnection.open([bus.path], { ...ignore, lost: resolve });
  bus.hang();
  connection.signal('/', 'a.b', 'C', '', []);
  await connection.drained();
  await bus.stop();
  assert.equal((await promise).message, 'the bus ended the connection');
  await connection.close();
});

test('where no bus is, the error says so and where', async () => {
  await assert.rejects(
    BusConnection.open(['/nonexistent/bus'], ignore),
    /there is no bus at \/nonexistent\/bus: ENOENT/,
  );
});

test('the second address is tried when the first has no bus', async () => {
  await using bus = await PrivateBus.start();
  const connection = await BusConnection.open(['/nonexistent/bus', bus.path], ignore);
  await connection.close();
});

test('something that is not a bus is not taken for one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'no-bus-'));
  const path = join(directory, 'socket');
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n'));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await assert.rejects(BusConnection.open([path], ignore), BusError);
  server.close();
  rmSync(directory, { recursive: true });
});

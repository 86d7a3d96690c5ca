// chatelaine-unlock among servers that do their worst, and one that is good and slow. Whatever they send: the password comes whole or
// not at all, and each of them is told in a line.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { encryptPassword, type MachineKeys, makeKeys, writeKeyDirectory } from '@chatelaine/machine-keys';
import { openRawTls, type RawTlsConnection } from '@chatelaine/rawtls';
import { Scratch } from '../support/scratch.ts';
import { unlockFrom } from '../support/unlock-command.ts';

// Longer than the password of any keyboard, and not text.
const password = Buffer.from(Array.from({ length: 700 }, (_, at) => (at * 7) % 256));

suite('chatelaine-unlock among bad servers', () => {
  const scratch = new Scratch();
  let keyDir: string;
  let message: Buffer;
  let forOthers: Buffer;

  /** A server that does this with everybody. */
  const serve = async (behave: (socket: net.Socket) => Promise<unknown>): Promise<number> => {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on('error', () => undefined);
      scratch.atEnd(() => socket.destroy());
      behave(socket).catch(() => socket.destroy());
    });
    scratch.atEnd(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as net.AddressInfo).port;
  };

  const greeted = async (socket: net.Socket): Promise<RawTlsConnection> => {
    await once(socket, 'data');
    const opened = await openRawTls(socket, { role: 'client' });
    if (opened.kind === 'failed') throw new Error(opened.text);
    return opened;
  };

  const saying = (bytes: Buffer, isOrderly: boolean, afterMs = 0): Promise<number> =>
    serve(async (socket) => {
      const connection = await greeted(socket);
      await pause(afterMs);
      for (let at = 0; at < bytes.length; at += 16_384) {
        connection.send(bytes.subarray(at, at + 16_384));
        await connection.flush();
      }
      if (isOrderly) await connection.close();
      else socket.destroy();
    });

  before(async () => {
    keyDir = path.join(scratch.directory(), 'keys');
    const keys = await makeKeys('web1');
    await writeKeyDirectory(keyDir, keys);
    const encryptedTo = async (who: MachineKeys): Promise<Buffer> =>
      Buffer.from(await encryptPassword(password, { publicKey: who['pubkey.txt'] }));
    message = await encryptedTo(keys);
    forOthers = await encryptedTo(await makeKeys('web2'));
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('the good one gives the password to the last byte, and each bad one is told by what it did', async () => {
    const damaged = Buffer.from(message);
    damaged[damaged.length - 30] = (damaged.at(-30) ?? 0) ^ 1;
    const bad: readonly (readonly [port: number, told: RegExp])[] = [
      [await serve(async (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')), /does not speak as a Mandos server/],
      [await saying(Buffer.from('garbage, and no OpenPGP'), true), /cannot be opened: it is not an OpenPGP message/],
      [await saying(forOthers, true), /cannot be opened: it is encrypted to another key/],
      [await saying(damaged, true), /cannot be opened: it is damaged/],
      [await saying(message.subarray(0, 200), true), /cannot be opened: it is (?:damaged|not an OpenPGP message)/],
      [await saying(message, false), /broke off in the middle of an answer/],
      [await saying(Buffer.alloc(3_000_000, 0xc1), true), /sends more than an answer can be/],
      [await saying(Buffer.alloc(0), true), /gives nothing now/],
    ];
    const good = await saying(message, true, 2_500);
    const { code, stdout, stderr } = await unlockFrom(keyDir, [...bad.map(([port]) => port), good]);
    assert.deepEqual(stdout, password, stderr);
    assert.equal(code, 0);
    for (const [port, told] of bad) {
      const lines = stderr.split('\n').filter((line) => line.startsWith(`chatelaine-unlock: 127.0.0.1:${port} `));
      assert.equal(lines.length, 1, stderr);
      assert.match(lines[0] ?? '', told);
    }
    assert.doesNotMatch(stderr, /a fault of the program/);
  });

  test('without a good one nothing is printed, not even a part', async () => {
    const ports = [
      await saying(message, false),
      await saying(message.subarray(0, -1), true),
      await saying(forOthers, true),
    ];
    const { code, stdout, stderr } = await unlockFrom(keyDir, ports, [], { patienceMs: 3_000 });
    assert.equal(stdout.length, 0, stderr);
    assert.equal(code, undefined);
  });
});

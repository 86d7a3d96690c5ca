// Strangers on the Mandos port: whatever they say, however slowly, and however many they are, the memory and time they
// cost are bounded, and machines go on getting their passwords.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevInstance, startDevInstance } from '../support/dev-instance.ts';
import { MandosConnection } from '../support/mandos-connection.ts';
import { createMandosMachine, type MandosMachine } from '../support/mandos-machine.ts';
import { Scratch } from '../support/scratch.ts';

const TLS_HANDSHAKE = 0x16;
const IDLE_CONNECTIONS = 5_000;
const FLOOD_SIZE_BYTES = 64 * 1024 * 1024;
const MAX_RESIDENT_BYTES = 160e6;
// Longer than the server's own limit for a line and a handshake.
const CUT_OFF_WITHIN_MS = 60_000;

suite('strangers on the Mandos port', () => {
  const scratch = new Scratch();
  let instance: DevInstance;
  let machine: MandosMachine;
  let gate: number;
  let keep: number;

  const serves = async (): Promise<void> => {
    const fetched = await machine.fetch(instance.mandosPort);
    assert.equal(fetched.stdout.toString(), 'open sesame', fetched.stderr);
    assert.equal(instance.pidOf('gate'), gate, 'the gate is the same process as before');
    assert.equal(instance.pidOf('keep'), keep, 'the keep is the same process as before');
  };

  before(async () => {
    instance = await startDevInstance(scratch);
    machine = await createMandosMachine(scratch.directory(), 'web1', 'open sesame');
    const file = path.join(scratch.directory(), 'clients.conf');
    writeFileSync(file, machine.stanza, { mode: 0o600 });
    await instance.run(['machine', 'import', file]);
    gate = instance.pidOf('gate');
    keep = instance.pidOf('keep');
    await serves();
  });
  after(() => scratch[Symbol.asyncDispose]());

  for (const line of ['1\r\n', '1\n', '0\r\n', '-5\r\n', '+1\n', '01\r\n', '  1\t\r\n', '1 hello world\r\n']) {
    test(`the line ${JSON.stringify(line)} is answered with a ClientHello`, async () => {
      using connection = await MandosConnection.open(instance.mandosPort);
      connection.send(line);
      assert.equal((await connection.heard())[0], TLS_HANDSHAKE);
    });
  }

  test('a line that arrives byte by byte is answered, and so is one that ends with the stream', async () => {
    using slow = await MandosConnection.open(instance.mandosPort);
    for (const character of '1\r\n') {
      slow.send(character);
      await sleep(20);
    }
    assert.equal((await slow.heard())[0], TLS_HANDSHAKE);
    using halfClosed = await MandosConnection.open(instance.mandosPort);
    halfClosed.send('1');
    halfClosed.endOurSide();
    assert.equal((await halfClosed.heard())[0], TLS_HANDSHAKE);
  });

  for (const line of ['2\r\n', '1.0\r\n', '0x1\r\n', 'abc\r\n', '\r\n', Buffer.from([0xff, 0xfe, 0x0a])]) {
    test(`the line ${JSON.stringify(line.toString())} is refused without one byte`, async () => {
      using connection = await MandosConnection.open(instance.mandosPort);
      connection.send(line);
      assert.ok(await connection.end(), 'the server ends the connection');
      assert.equal(connection.received.length, 0);
    });
  }

  test('a stream that ends at once is ended without one byte', async () => {
    using connection = await MandosConnection.open(instance.mandosPort);
    connection.endOurSide();
    assert.ok(await connection.end());
    assert.equal(connection.received.length, 0);
  });

  test('a lone carriage return does not end the line', async () => {
    using connection = await MandosConnection.open(instance.mandosPort);
    connection.send('1\r');
    assert.equal((await connection.heard(500)).length, 0);
    connection.send('\n');
    assert.equal((await connection.heard())[0], TLS_HANDSHAKE);
  });

  test('a line without an end is cut off, and costs no memory', async () => {
    using connection = await MandosConnection.open(instance.mandosPort);
    const part = Buffer.alloc(64 * 1024, 'a');
    for (let sent = 0; sent < FLOOD_SIZE_BYTES && connection.isWritable; sent += part.length) {
      await connection.sendAll(part);
    }
    assert.ok(await connection.end(), 'the server ends the connection');
    assert.ok(instance.footprint('gate').residentBytes < MAX_RESIDENT_BYTES);
    await serves();
  });

  test('garbage in place of a handshake is cut off', async () => {
    const garbage = [
      randomBytes(4_096),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.concat([Buffer.from([TLS_HANDSHAKE, 3, 3, 0xff, 0xff]), randomBytes(65_535)]),
      Buffer.concat([Buffer.from([TLS_HANDSHAKE, 3, 3, 0, 4]), Buffer.from([2, 0xff, 0xff, 0xff])]),
      Buffer.from([21, 3, 3, 0, 2, 2, 40]),
    ];
    for (const bytes of garbage) {
      using connection = await MandosConnection.open(instance.mandosPort);
      connection.send('1\r\n');
      await connection.heard();
      connection.send(bytes);
      connection.endOurSide();
      assert.ok(await connection.end(), 'the server ends the connection');
    }
    await serves();
  });

  test('a stranger that never stops sending in place of a handshake costs no memory', async () => {
    using connection = await MandosConnection.open(instance.mandosPort);
    connection.send('1\r\n');
    await connection.heard();
    // The head of a handshake message of 16 MB, and then the message, in records that are each well formed.
    const record = Buffer.concat([Buffer.from([TLS_HANDSHAKE, 3, 3, 0x40, 0]), Buffer.alloc(0x4000)]);
    Buffer.from([2, 0xff, 0xff, 0xff]).copy(record, 5);
    for (let sent = 0; sent < FLOOD_SIZE_BYTES && connection.isWritable; sent += record.length) {
      await connection.sendAll(record);
    }
    assert.ok(await connection.end(), 'the server ends the connection');
    assert.ok(instance.footprint('gate').residentBytes < MAX_RESIDENT_BYTES);
    await serves();
  });

  test('connections that break off at every moment leave nothing behind', async () => {
    for (let index = 0; index < 300; index++) {
      using connection = await MandosConnection.open(instance.mandosPort);
      if (index % 3 > 0) connection.send('1\r\n');
      if (index % 3 > 1) await connection.heard();
    }
    await serves();
  });

  test('a stranger who says nothing, one who stops after the line, and one who trickles are all cut off', async () => {
    using silent = await MandosConnection.open(instance.mandosPort);
    using stopped = await MandosConnection.open(instance.mandosPort);
    using trickling = await MandosConnection.open(instance.mandosPort);
    stopped.send('1\r\n');
    const trickle = setInterval(() => trickling.send(' '), 500);
    const ends = Promise.all([silent, stopped, trickling].map((connection) => connection.end(CUT_OFF_WITHIN_MS)));
    await serves();
    assert.deepEqual(await ends, [true, true, true]);
    clearInterval(trickle);
    assert.equal(silent.received.length, 0);
  });

  test(`${IDLE_CONNECTIONS} idle connections are held, and a machine is still served`, async () => {
    const held = await Promise.all(
      Array.from({ length: IDLE_CONNECTIONS }, () => MandosConnection.open(instance.mandosPort)),
    );
    try {
      await serves();
      assert.equal(held.filter((connection) => connection.hasEnded).length, 0, 'none was turned away');
      assert.ok(instance.footprint('gate').residentBytes < MAX_RESIDENT_BYTES);
      assert.ok(instance.footprint('keep').residentBytes < MAX_RESIDENT_BYTES);
    } finally {
      for (const connection of held) connection[Symbol.dispose]();
    }
    await serves();
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ok } from '@chatelaine/contract';
import { carryOverSerialLine, type SerialCarrier } from './carriers.ts';
import { LinkClient } from './link-client.ts';
import { LinkServer } from './link-server.ts';
import { makePeerKey } from './peer-key.ts';
import { ScriptedHandler } from './scripted-handler.ts';
import { openSerialLine } from './serial-line.ts';

const key = makePeerKey('gate', 'gate');

describe('a serial line, which has no connections of its own', () => {
  let carrier: SerialCarrier;
  let server: LinkServer;
  const makeClient = (): LinkClient =>
    new LinkClient({
      connect: carrier.connect,
      key,
      handshakeMs: 300,
      waitMs: 60_000,
      backoff: { firstMs: 5, mostMs: 50 },
    });

  beforeEach(async () => {
    carrier = await carryOverSerialLine();
    server = new LinkServer({ keyOf: () => key, handler: new ScriptedHandler(), handshakeMs: 300 });
    await carrier.serve(server);
  });
  afterEach(async () => {
    await server.close({ drainMs: 0 });
    await carrier.close();
  });

  test('a client that vanishes without a word is followed by the next one', async () => {
    const first = makeClient();
    assert.deepEqual(await first.call('echo', 1), ok(1));
    carrier.cutClient();
    const second = makeClient();
    assert.deepEqual(await second.call('echo', 2), ok(2));
    await Promise.all([first.close(), second.close()]);
  });

  test('a server that vanishes without a word is found again with the next question', async () => {
    const client = makeClient();
    assert.deepEqual(await client.call('echo', 1), ok(1));
    carrier.cutServer();
    assert.deepEqual(await client.call('echo', 2, { requestId: 'r' }), ok(2));
    await client.close();
  });

  test('noise on the line is got over', async () => {
    const noise = await carrier.connect();
    noise.on('error', () => undefined);
    noise.write(Buffer.alloc(3_000, 0xa5));
    noise.destroy();
    const client = makeClient();
    assert.deepEqual(await client.call('echo', { bytes: 1 }), ok({ bytes: 1 }));
    await client.close();
  });

  test('what is no terminal is refused', async () => {
    await assert.rejects(openSerialLine({ device: '/dev/null' }), /tcgetattr/);
    await assert.rejects(openSerialLine({ device: '/nonexistent' }), { code: 'ENOENT' });
  });
});

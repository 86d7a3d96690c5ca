// A link that runs for months holds no more than one that just began.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ok } from '@chatelaine/contract';
import { carryOverUnixSocket } from './carriers.ts';
import { LinkClient } from './link-client.ts';
import { LinkServer } from './link-server.ts';
import { makePeerKey } from './peer-key.ts';
import { ScriptedHandler } from './scripted-handler.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use, after everything that can be was given back. */
const usedBytes = async (): Promise<number> => {
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
};

const key = makePeerKey('gate', 'gate');

describe('memory of a link', () => {
  test('is flat over 200,000 calls, with deadlines, cancellations and streams among them', async () => {
    const carrier = await carryOverUnixSocket();
    const handler = new ScriptedHandler();
    const secret = new Uint8Array(1_200).fill(7);
    handler.onCall('fetch', () => ok({ secret }));
    handler.onStream('count', async function* () {
      for (let n = 0; n < 10; n++) yield { n, secret };
    });
    const server = new LinkServer({ keyOf: () => key, handler });
    await carrier.serve(server);
    const client = new LinkClient({ connect: carrier.connect, key });

    const ask = async (n: number): Promise<void> => {
      if (n % 1_000 === 0) {
        for await (const _ of (await client.stream('count', {})) as AsyncIterable<unknown>);
      }
      if (n % 100 === 0) await client.call('never', {}, { deadlineMs: 1 });
      if (n % 100 === 1) await client.call('never', {}, { signal: AbortSignal.timeout(1) });
      const options = n % 2 === 0 ? { deadlineMs: 60_000, requestId: `r${n}` } : {};
      const result = await client.call('fetch', { n, bytes: secret }, options);
      assert.equal(result.kind, 'ok');
    };
    const askMany = async (count: number): Promise<void> => {
      let next = 0;
      const run = async (): Promise<void> => {
        while (next < count) await ask(next++);
      };
      await Promise.all(Array.from({ length: 64 }, run));
      handler.seen.length = 0;
    };

    await askMany(20_000);
    const before = await usedBytes();
    await askMany(200_000);
    const grownBytes = (await usedBytes()) - before;
    assert.ok(grownBytes < 2_000_000, `${grownBytes} bytes more after 200,000 calls`);
    await client.close();
    await server.close({ drainMs: 0 });
    await carrier.close();
  });

  test('is flat over one stream of 200,000 items', async () => {
    const carrier = await carryOverUnixSocket();
    const handler = new ScriptedHandler();
    handler.onStream('count', async function* () {
      for (let n = 0; ; n++) yield { n, bytes: new Uint8Array(100) };
    });
    const server = new LinkServer({ keyOf: () => key, handler });
    await carrier.serve(server);
    const client = new LinkClient({ connect: carrier.connect, key });
    const items = ((await client.stream('count', {})) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    const read = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await items.next();
    };
    await read(20_000);
    const before = await usedBytes();
    await read(200_000);
    const grownBytes = (await usedBytes()) - before;
    // The window may be anywhere between empty and full.
    assert.ok(grownBytes < 16_000_000, `${grownBytes} bytes more after 200,000 items`);
    await items.return?.();
    await client.close();
    await server.close({ drainMs: 0 });
    await carrier.close();
  });

  test('is flat over 1,000 connections, half of them broken off', async () => {
    const carrier = await carryOverUnixSocket();
    const server = new LinkServer({ keyOf: () => key, handler: new ScriptedHandler() });
    await carrier.serve(server);
    const connectMany = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        const client = new LinkClient({ connect: carrier.connect, key });
        assert.deepEqual(await client.call('echo', n), ok(n));
        if (n % 2 === 0) carrier.cut();
        await client.close();
      }
    };
    await connectMany(300);
    const before = await usedBytes();
    await connectMany(1_000);
    const grownBytes = (await usedBytes()) - before;
    assert.ok(grownBytes < 2_000_000, `${grownBytes} bytes more after 1,000 connections`);
    await server.close({ drainMs: 0 });
    await carrier.close();
  });
});

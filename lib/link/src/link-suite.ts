// What a link promises, whatever carries it. Each carrier runs all of it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ok, refuse } from '@chatelaine/contract';
import type { Carrier } from './carriers.ts';
import { StreamEndedError } from './client-stream.ts';
import { LinkClient, type LinkClientOptions } from './link-client.ts';
import { LinkServer, type LinkServerOptions } from './link-server.ts';
import { makePeerKey } from './peer-key.ts';
import { ScriptedHandler } from './scripted-handler.ts';

const key = makePeerKey('gate-1', 'gate');

const patternOf = (sizeBytes: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31 + seed) & 0xff);

const isStream = (answer: object): answer is AsyncIterable<unknown> => Symbol.asyncIterator in answer;

export const describeLink = (name: string, makeCarrier: () => Promise<Carrier>): void => {
  describe(`a link over ${name}`, () => {
    let carrier: Carrier;
    let handler: ScriptedHandler;
    let server: LinkServer;
    let client: LinkClient;

    const serve = async (options: Partial<LinkServerOptions> = {}): Promise<void> => {
      server = new LinkServer({
        keyOf: (identity) => (identity === key.identity ? key : undefined),
        handler,
        handshakeMs: 1_000,
        ...options,
      });
      await carrier.serve(server);
    };

    const makeClient = (options: Partial<LinkClientOptions> = {}): LinkClient =>
      new LinkClient({
        connect: carrier.connect,
        key,
        handshakeMs: 1_000,
        waitMs: 30_000,
        backoff: { firstMs: 5, mostMs: 50 },
        ...options,
      });

    const openStream = async (operation: string, input: unknown = {}): Promise<AsyncIterable<unknown>> => {
      const items = await client.stream(operation, input);
      assert.ok(isStream(items), JSON.stringify(items));
      return items;
    };

    beforeEach(async () => {
      carrier = await makeCarrier();
      handler = new ScriptedHandler();
      await serve();
      client = makeClient();
    });

    afterEach(async () => {
      await client.close();
      await server.close({ drainMs: 0 });
      await carrier.close();
    });

    test('a question is answered, and the answerer knows who asks', async () => {
      handler.onCall('who', (_request, peer) => ok({ identity: peer.identity, role: peer.role }));
      assert.deepEqual(await client.call('who', {}), ok({ identity: 'gate-1', role: 'gate' }));
    });

    test('a credential arrives beside the question, and is wiped when that was answered', async () => {
      let kept: Uint8Array | undefined;
      handler.onCall('whose', ({ credential, source }) => {
        kept = credential;
        return ok({ text: Buffer.from(credential ?? []).toString(), source });
      });
      const credential = Buffer.from('hunter2');
      const answer = await client.call('whose', {}, { credential, source: '192.0.2.7' });
      assert.deepEqual(answer, ok({ text: 'hunter2', source: '192.0.2.7' }));
      assert.deepEqual(kept && [...kept], Array(7).fill(0));
      assert.deepEqual(await client.call('whose', {}), ok({ text: '' }));
    });

    test('values of every kind arrive as they were sent', async () => {
      const input = {
        text: 'Zürich\u0000',
        list: [1, null, true],
        bytes: patternOf(1_000, 1),
        empty: new Uint8Array(),
      };
      const result = await client.call('echo', input);
      assert.ok(result.kind === 'ok');
      const { bytes, empty, ...rest } = result.value as typeof input;
      assert.deepEqual(rest, { text: input.text, list: input.list });
      assert.ok(Buffer.from(bytes).equals(input.bytes));
      assert.equal(empty.length, 0);
    });

    test('a refusal arrives with its field and message', async () => {
      const refused = refuse('invalid-input', { field: 'name', message: 'is too long' });
      handler.onCall('refuse', () => refused);
      assert.deepEqual(await client.call('refuse', {}), refused);
      assert.deepEqual(await client.call('nothing', {}), refuse('unknown-operation'));
      assert.deepEqual(await client.stream('nothing', {}), refuse('unknown-operation'));
    });

    test('a bug of the answerer is told as internal, without its words', async () => {
      handler.onCall('fail', () => {
        throw new Error('hunter2');
      });
      handler.onCall('wrong', () => ok(new Map()));
      assert.deepEqual(await client.call('fail', {}), refuse('internal'));
      assert.deepEqual(await client.call('wrong', {}), refuse('internal'));
    });

    test('a megabyte arrives whole, both ways, while small questions pass', async () => {
      const big = patternOf(1_048_576, 7);
      const small = Promise.all(Array.from({ length: 20 }, (_, n) => client.call('echo', { n })));
      const result = await client.call('echo', { big });
      assert.ok(result.kind === 'ok');
      assert.ok(Buffer.from((result.value as { big: Uint8Array }).big).equals(big));
      for (const [n, answer] of (await small).entries()) assert.deepEqual(answer, ok({ n }));
    });

    test('many questions at once each get their own answer, in whatever order they are ready', async () => {
      handler.onCall('later', async ({ input }) => {
        const { n, waitMs } = input as { n: number; waitMs: number };
        await sleep(waitMs);
        return ok({ n, bytes: patternOf(200, n) });
      });
      const answers = await Promise.all(
        Array.from({ length: 300 }, (_, n) => client.call('later', { n, waitMs: (n * 7) % 20 })),
      );
      answers.forEach((answer, n) => {
        assert.ok(answer.kind === 'ok');
        const value = answer.value as { n: number; bytes: Uint8Array };
        assert.equal(value.n, n);
        assert.ok(Buffer.from(value.bytes).equals(patternOf(200, n)));
      });
    });

    test('what passes its deadline is refused, and the answerer is told to stop', async () => {
      await client.call('echo', {});
      assert.deepEqual(await client.call('never', {}, { deadlineMs: 20 }), refuse('deadline'));
      const { signal } = handler.seen.at(-1) ?? {};
      assert.ok(signal);
      if (!signal.aborted) await once(signal, 'abort');
    });

    test('what its caller cancels is refused, and the answerer is told to stop', async () => {
      const controller = new AbortController();
      const asked = client.call('never', {}, { signal: controller.signal });
      while (handler.seen.length === 0) await sleep(1);
      controller.abort();
      assert.deepEqual(await asked, refuse('cancelled'));
      const { signal } = handler.seen[0] ?? {};
      assert.ok(signal);
      if (!signal.aborted) await once(signal, 'abort');
      assert.deepEqual(await client.call('echo', {}, { signal: controller.signal }), refuse('cancelled'));
      assert.equal(handler.seen.length, 1);
    });

    test('bytes of a question are there until it is answered, then wiped; then what was lent is given back', async () => {
      let lent: Uint8Array | undefined;
      let given: Uint8Array | undefined;
      let answer: (() => void) | undefined;
      const secret = patternOf(500, 3);
      handler.onCall('hold', async ({ input }) => {
        lent = (input as { secret: Uint8Array }).secret;
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return ok({ same: Buffer.from(lent).equals(secret) });
      });
      handler.onAnswer('lend', () => {
        given = patternOf(100, 9);
        return { result: ok({ given }), dispose: () => given?.fill(0) };
      });
      const asked = client.call('hold', { secret });
      const lending = await client.call('lend', {});
      assert.ok(lending.kind === 'ok');
      assert.ok(Buffer.from((lending.value as { given: Uint8Array }).given).equals(patternOf(100, 9)));
      assert.ok(given?.every((byte) => byte === 0));
      while (answer === undefined) await sleep(1);
      assert.ok(lent !== undefined && Buffer.from(lent).equals(secret));
      answer();
      assert.deepEqual(await asked, ok({ same: true }));
      assert.ok(lent.every((byte) => byte === 0));
    });

    test('bytes of an answer lie in memory of their own', async () => {
      const [one, two] = await Promise.all([1, 2].map((n) => client.call('echo', { bytes: patternOf(100, n) })));
      assert.ok(one?.kind === 'ok' && two?.kind === 'ok');
      const [first, second] = [one, two].map(({ value }) => (value as { bytes: Uint8Array }).bytes);
      assert.ok(first !== undefined && second !== undefined);
      assert.notEqual(first.buffer, second.buffer);
      assert.ok(first.buffer.byteLength < 1_000, 'not a part of a pool');
      first.fill(0);
      assert.ok(Buffer.from(second).equals(patternOf(100, 2)));
    });

    test('a stream brings its items in order and ends by itself', async () => {
      handler.onStream('count', async function* ({ input }) {
        for (let n = 0; n < (input as { to: number }).to; n++) yield { n, bytes: patternOf(3_000, n) };
      });
      let expected = 0;
      for await (const item of await openStream('count', { to: 1_000 })) {
        const { n, bytes } = item as { n: number; bytes: Uint8Array };
        assert.equal(n, expected);
        assert.ok(Buffer.from(bytes).equals(patternOf(3_000, expected)));
        expected++;
      }
      assert.equal(expected, 1_000);
    });

    test('a stream does not run ahead of a slow reader by more than its window', async () => {
      let made = 0;
      handler.onStream('flood', async function* () {
        for (; ; made++) yield { bytes: new Uint8Array(100_000) };
      });
      const items = (await openStream('flood'))[Symbol.asyncIterator]();
      await items.next();
      // Other questions pass meanwhile; they also show that the stream had its time.
      for (let n = 0; n < 50; n++) assert.deepEqual(await client.call('echo', { n }), ok({ n }));
      await sleep(50);
      assert.ok(made <= 13, `${made} items of 100 kB were made for a window of 1 MiB`);
      const before = made;
      for (let n = 0; n < 20; n++) await items.next();
      assert.ok(made > before);
      await items.return?.();
    });

    test('a reader that leaves stops the stream at its source', async () => {
      const stopped: string[] = [];
      handler.onStream('endless', async function* () {
        try {
          for (let n = 0; ; n++) yield { n };
        } finally {
          stopped.push('returned');
        }
      });
      handler.onStream('silent', ({ signal }) =>
        (async function* () {
          await once(signal, 'abort');
          stopped.push('aborted');
          yield* [];
        })(),
      );
      for await (const item of await openStream('endless')) if ((item as { n: number }).n === 5) break;
      while (!stopped.includes('returned')) await sleep(1);

      const controller = new AbortController();
      const silent = await client.stream('silent', {}, { signal: controller.signal });
      assert.ok(isStream(silent));
      const next = silent[Symbol.asyncIterator]().next();
      controller.abort();
      assert.equal((await next).done, true);
      while (!stopped.includes('aborted')) await sleep(1);
    });

    test('a stream whose source fails ends as internal, after the items before', async () => {
      handler.onStream('breaks', async function* () {
        yield { n: 1 };
        throw new Error('hunter2');
      });
      const seen: unknown[] = [];
      await assert.rejects(
        async () => {
          for await (const item of await openStream('breaks')) seen.push(item);
        },
        (error) => error instanceof StreamEndedError && error.code === 'internal' && !error.message.includes('hunter2'),
      );
      assert.deepEqual(seen, [{ n: 1 }]);
    });

    test('after a loss: a question without a request id is refused, one with an id is asked again, streams are cut off', async () => {
      let isFirst = true;
      handler.onCall('twice', ({ input, signal }) => {
        if (!isFirst) return ok(input);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(refuse('cancelled'))));
      });
      handler.onStream('quiet', ({ signal }) =>
        (async function* () {
          yield { n: 0 };
          await once(signal, 'abort');
        })(),
      );
      const items = (await openStream('quiet'))[Symbol.asyncIterator]();
      await items.next();
      const lost = client.call('never', {});
      const repeated = client.call('twice', { bytes: patternOf(100, 5) }, { requestId: 'r-1' });
      while (handler.seen.length < 3) await sleep(1);
      isFirst = false;
      const next = items.next();
      carrier.cut();
      await assert.rejects(next, (error) => error instanceof StreamEndedError && error.code === 'unavailable');
      assert.deepEqual(await lost, refuse('unavailable'));
      const result = await repeated;
      assert.ok(result.kind === 'ok', JSON.stringify(result));
      assert.ok(Buffer.from((result.value as { bytes: Uint8Array }).bytes).equals(patternOf(100, 5)));
      assert.deepEqual(
        handler.seen.filter(({ operation }) => operation === 'twice').map(({ requestId }) => requestId),
        ['r-1', 'r-1'],
      );
      assert.equal((await items.next()).done, true, 'the reason is told once');
      for await (const item of await openStream('quiet')) {
        assert.deepEqual(item, { n: 0 });
        break;
      }
    });

    test('a server that ends answers what it has, and what comes after is answered by the next one', async () => {
      let answer: (() => void) | undefined;
      handler.onCall('slow', async () => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return ok({ by: 'the first' });
      });
      handler.onStream('quiet', ({ signal }) =>
        (async function* () {
          await once(signal, 'abort');
          yield* [];
        })(),
      );
      const slow = client.call('slow', {});
      const ended = (await openStream('quiet'))[Symbol.asyncIterator]().next();
      while (answer === undefined) await sleep(1);
      const closing = server.close({ drainMs: 30_000 });
      await assert.rejects(ended, StreamEndedError);
      const after = Array.from({ length: 10 }, (_, n) => client.call('echo', { n }));
      answer();
      assert.deepEqual(await slow, ok({ by: 'the first' }));
      await closing;
      await serve();
      for (const [n, answered] of (await Promise.all(after)).entries()) assert.deepEqual(answered, ok({ n }));
    });

    test('a server that ends does not wait longer than it was told', async () => {
      const never = client.call('never', {});
      while (handler.seen.length === 0) await sleep(1);
      await server.close({ drainMs: 10 });
      assert.deepEqual(await never, refuse('unavailable'));
    });

    test('more questions at a time than the limit are refused as busy, by either side', async () => {
      await server.close({ drainMs: 0 });
      await client.close();
      await serve({ maxInFlight: 4 });
      client = makeClient({ maxInFlight: 6 });
      const controller = new AbortController();
      const asked = Array.from({ length: 8 }, () => client.call('never', {}, { signal: controller.signal }));
      const [bySelf, byServer] = [asked.slice(6), asked.slice(4, 6)];
      for (const answer of [...bySelf, ...byServer]) assert.deepEqual(await answer, refuse('busy'));
      controller.abort();
      for (const answer of asked.slice(0, 4)) assert.deepEqual(await answer, refuse('cancelled'));
      // The server takes the next one as soon as it has stopped one of the others.
      while ((await client.call('echo', {})).kind === 'refused') await sleep(1);
    });

    test('what is larger than a frame is refused as too large, by either side', async () => {
      handler.onCall('huge', () => ok({ bytes: new Uint8Array(2_097_152) }));
      assert.deepEqual(await client.call('echo', { bytes: new Uint8Array(2_097_152) }), refuse('too-large'));
      assert.deepEqual(await client.call('huge', {}), refuse('too-large'));
    });

    test('what no message can carry is a bug of the asker, and is thrown', async () => {
      await assert.rejects(client.call('echo', { x: Number.NaN }), TypeError);
      assert.deepEqual(await client.call('echo', {}), ok({}));
    });

    test('a closed client refuses everything', async () => {
      const never = client.call('never', {});
      while (handler.seen.length === 0) await sleep(1);
      await client.close();
      assert.deepEqual(await never, refuse('unavailable'));
      assert.deepEqual(await client.call('echo', {}), refuse('unavailable'));
    });
  });
};

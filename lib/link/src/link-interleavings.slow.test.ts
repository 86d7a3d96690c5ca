// Whatever happens in whatever order: every question gets exactly one answer, and it is its own.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ok, type Result, refuse } from '@chatelaine/contract';
import fc from 'fast-check';
import { type Carrier, carryInMemory, carryOverUnixSocket } from './carriers.ts';
import { StreamEndedError } from './client-stream.ts';
import { LinkClient } from './link-client.ts';
import { LinkServer } from './link-server.ts';
import { makePeerKey } from './peer-key.ts';
import { ScriptedHandler } from './scripted-handler.ts';

const key = makePeerKey('gate', 'gate');

const timeMs = fc.integer({ min: 0, max: 15 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      answerMs: timeMs,
      sizeBytes: fc.constantFrom(0, 10, 1_200, 40_000),
      deadlineMs: fc.option(timeMs, { nil: undefined }),
      cancelMs: fc.option(timeMs, { nil: undefined }),
      isRepeatable: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stream' as const),
      items: fc.nat({ max: 60 }),
      sizeBytes: fc.constantFrom(10, 50_000),
      leaveAfter: fc.option(fc.nat({ max: 60 }), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: timeMs }) },
  { weight: 1, arbitrary: fc.constant({ do: 'cut' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), drainMs: timeMs }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type CallStep = Extract<Step, { do: 'call' }>;
type StreamStep = Extract<Step, { do: 'stream' }>;

const patternOf = (sizeBytes: number, seed: number): Uint8Array => new Uint8Array(sizeBytes).fill((seed % 255) + 1);

class Scene {
  readonly #carrier: Carrier;
  readonly #handler = new ScriptedHandler();
  #server: LinkServer;
  readonly #client: LinkClient;
  readonly #answers: Promise<void>[] = [];
  #asked = 0;

  private constructor(carrier: Carrier, server: LinkServer) {
    this.#carrier = carrier;
    this.#server = server;
    this.#client = new LinkClient({
      connect: carrier.connect,
      key,
      waitMs: 20_000,
      backoff: { firstMs: 1, mostMs: 10 },
    });
  }

  static async play(makeCarrier: () => Promise<Carrier>, steps: readonly Step[]): Promise<void> {
    const carrier = await makeCarrier();
    const scene = new Scene(carrier, new LinkServer({ keyOf: () => key, handler: new ScriptedHandler() }));
    try {
      await scene.#run(steps);
    } finally {
      await scene.#client.close();
      await scene.#server.close({ drainMs: 0 });
      await carrier.close();
    }
  }

  async #run(steps: readonly Step[]): Promise<void> {
    this.#handler.onCall('answer', async ({ input, signal }) => {
      const { answerMs, ...rest } = input as { answerMs: number };
      await sleep(answerMs);
      return signal.aborted ? refuse('cancelled') : ok(rest);
    });
    this.#handler.onStream('count', async function* ({ input }) {
      const { items, sizeBytes, seed } = input as { items: number; sizeBytes: number; seed: number };
      for (let n = 0; n < items; n++) yield { n, bytes: patternOf(sizeBytes, seed + n) };
    });
    await this.#restart(0);
    for (const next of steps) await this.#do(next);
    await Promise.all(this.#answers);
    // Nothing of all that is left behind: the client is as good as new. With a request id, since the last step may have
    // been a cut that is not noticed yet.
    const last = await this.#client.call('echo', { last: true }, { requestId: 'last' });
    assert.deepEqual(last, ok({ last: true }));
  }

  async #do(next: Step): Promise<void> {
    switch (next.do) {
      case 'call':
        this.#answers.push(this.#call(next, this.#asked++));
        return;
      case 'stream':
        this.#answers.push(this.#stream(next, this.#asked++));
        return;
      case 'pause':
        return await sleep(next.ms);
      case 'cut':
        return this.#carrier.cut();
      case 'restart':
        return await this.#restart(next.drainMs);
    }
  }

  async #restart(drainMs: number): Promise<void> {
    await this.#server.close({ drainMs });
    this.#server = new LinkServer({ keyOf: () => key, handler: this.#handler });
    await this.#carrier.serve(this.#server);
  }

  async #call({ answerMs, sizeBytes, deadlineMs, cancelMs, isRepeatable }: CallStep, seed: number): Promise<void> {
    const bytes = patternOf(sizeBytes, seed);
    const result: Result<unknown> = await this.#client.call(
      'answer',
      { answerMs, seed, bytes },
      {
        ...(deadlineMs !== undefined && { deadlineMs }),
        ...(cancelMs !== undefined && { signal: AbortSignal.timeout(cancelMs) }),
        ...(isRepeatable && { requestId: `r${seed}` }),
      },
    );
    const looks = this.#handler.seen.filter(({ input }) => (input as { seed?: number }).seed === seed).length;
    if (!isRepeatable) assert.ok(looks <= 1, 'a question without a request id is looked at once at most');
    if (result.kind === 'ok') {
      const value = result.value as { seed: number; bytes: Uint8Array };
      assert.equal(value.seed, seed);
      assert.ok(Buffer.from(value.bytes).equals(bytes), 'bytes are whole');
      return;
    }
    if (result.code === 'deadline') assert.ok(deadlineMs !== undefined);
    else if (result.code === 'cancelled') assert.ok(cancelMs !== undefined);
    else {
      assert.equal(result.code, 'unavailable');
      assert.ok(!isRepeatable || deadlineMs !== undefined, 'a repeatable question is answered in the end');
    }
  }

  async #stream({ items, sizeBytes, leaveAfter }: StreamStep, seed: number): Promise<void> {
    const opened = await this.#client.stream('count', { items, sizeBytes, seed });
    if ('kind' in opened) {
      assert.equal(opened.code, 'unavailable');
      return;
    }
    let expected = 0;
    try {
      for await (const item of opened) {
        const { n, bytes } = item as { n: number; bytes: Uint8Array };
        assert.equal(n, expected++);
        assert.ok(Buffer.from(bytes).equals(patternOf(sizeBytes, seed + n)), 'bytes are whole');
        if (n === leaveAfter) return;
      }
      assert.equal(expected, items, 'a stream that ends by itself is complete');
    } catch (error) {
      assert.ok(error instanceof StreamEndedError, String(error));
      assert.equal(error.code, 'unavailable');
    }
  }
}

describe('a link in whatever order things happen', () => {
  const makers = { memory: carryInMemory, 'a UNIX socket': carryOverUnixSocket };
  for (const [name, makeCarrier] of Object.entries(makers)) {
    // fast-check prints its seed when it fails.
    test(`over ${name} every question gets exactly one answer, its own, with its bytes whole`, async () => {
      const steps = fc.array(step, { minLength: 5, maxLength: 120, size: 'max' });
      await fc.assert(
        fc.asyncProperty(steps, (played) => Scene.play(makeCarrier, played)),
        { numRuns: 60, endOnFailure: true },
      );
    });
  }
});

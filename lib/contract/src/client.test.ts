import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { type CallOptions, type Client, createClient, type Transport } from './client.ts';
import { decodeMessage, encodeWhole } from './message.ts';
import { bytes, defineOperation, type InputOf, OutputFormError, type OutputOf } from './operation.ts';
import { ok, type Refused, type Result, refuse } from './refusals.ts';

const double = defineOperation({
  name: 'test.double',
  summary: 'Doubles a number.',
  kind: 'read',
  roles: ['admin'],
  capability: 'test.read',
  input: z.strictObject({ number: z.number().int().max(100) }),
  output: z.strictObject({ number: z.number().int(), proof: bytes({ max: 8 }) }),
  refusals: ['not-found'],
});

const count = defineOperation({
  name: 'test.count',
  summary: 'Counts.',
  kind: 'stream',
  roles: ['admin'],
  capability: 'test.read',
  input: z.strictObject({ to: z.number().int() }),
  output: z.strictObject({ at: z.number().int() }),
  refusals: [],
});

interface Asked {
  readonly operation: string;
  readonly input: unknown;
  readonly options: CallOptions;
}

const answering = (answer: (asked: Asked) => Result<unknown>, items: readonly unknown[] = []) => {
  const asked: Asked[] = [];
  const transport: Transport = {
    async call(operation, input, options) {
      asked.push({ operation, input: decodeMessage(encodeWhole(input)), options });
      return answer({ operation, input, options });
    },
    async stream(operation, input, options) {
      asked.push({ operation, input, options });
      const answered = answer({ operation, input, options });
      if (answered.kind === 'refused') return answered;
      return (async function* () {
        yield* items;
      })();
    },
  };
  return { client: createClient(transport), asked };
};

describe('the typed client', () => {
  test('asks by name, passes its options on and gives the checked answer', async () => {
    const { client, asked } = answering(() => ok({ number: 42, proof: new Uint8Array([1]) }));
    const options = { requestId: 'r1', deadlineMs: 5 };
    const result = await client.call(double, { number: 21 }, options);
    assert.deepEqual(result, ok({ number: 42, proof: new Uint8Array([1]) }));
    assert.deepEqual(asked, [{ operation: 'test.double', input: { number: 21 }, options }]);
  });

  test('a wrong input is refused before it is sent', async () => {
    const { client, asked } = answering(() => ok(undefined));
    const refused = await client.call(double, { number: 1_000 });
    assert.ok(refused.kind === 'refused' && refused.code === 'invalid-input' && refused.field === 'number');
    const stream = await client.stream(count, { to: 0.5 });
    assert.ok('kind' in stream && stream.code === 'invalid-input');
    assert.deepEqual(asked, []);
  });

  test('a refusal comes back as it is', async () => {
    const { client } = answering(() => refuse('not-found'));
    assert.deepEqual(await client.call(double, { number: 1 }), refuse('not-found'));
    assert.deepEqual(await client.stream(count, { to: 1 }), refuse('not-found'));
  });

  test('an answer of another form is thrown, so that no caller trusts it', async () => {
    const { client } = answering(() => ok({ number: 'many' }), [{ at: 1 }, { at: 'x' }]);
    await assert.rejects(client.call(double, { number: 1 }), OutputFormError);
    const items = await client.stream(count, { to: 2 });
    assert.ok(Symbol.asyncIterator in items);
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const item of items) seen.push(item.at);
    }, OutputFormError);
    assert.deepEqual(seen, [1]);
  });

  test('leaving a stream early ends it at its source', async () => {
    let ended = false;
    const transport: Transport = {
      call: async () => refuse('internal'),
      stream: async () =>
        (async function* () {
          try {
            for (let at = 0; ; at++) yield { at };
          } finally {
            ended = true;
          }
        })(),
    };
    const items = await createClient(transport).stream(count, { to: 9 });
    assert.ok(Symbol.asyncIterator in items);
    for await (const item of items) if (item.at === 3) break;
    assert.ok(ended);
  });
});

// What the compiler promises. Nothing here runs; a wrong type fails the build.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => undefined;

export const typesHold = async (client: Client): Promise<void> => {
  same<InputOf<typeof double>, { number: number }>(true);
  same<OutputOf<typeof double>, { number: number; proof: Uint8Array }>(true);
  const result = await client.call(double, { number: 1 });
  same<typeof result, Result<{ number: number; proof: Uint8Array }>>(true);
  const items = await client.stream(count, { to: 1 });
  same<typeof items, Refused | AsyncIterable<{ at: number }>>(true);
  // @ts-expect-error a field is missing
  await client.call(double, {});
  // @ts-expect-error a field has another type
  await client.call(double, { number: '1' });
  // @ts-expect-error a field is not declared
  await client.call(double, { number: 1, more: 2 });
  // @ts-expect-error a value is there only if nothing was refused
  result.value;
  // @ts-expect-error only codes of the table are codes
  refuse('no-such-code');
  // @ts-expect-error a stream's items are of the declared form
  if (Symbol.asyncIterator in items) for await (const item of items) item.number;
};

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, refuse, type Transport } from '@chatelaine/contract';
import { NonceSource } from './nonce-source.ts';

const nonce = (byte: number) => ({ nonce: Buffer.alloc(32, byte), validMs: 1_000 });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A keep whose streams the test writes by hand. */
const scriptedKeep = () => {
  const opened: { push(item: unknown): Promise<void>; cut(error?: Error): Promise<void> }[] = [];
  let isThere = true;
  const transport: Transport = {
    call: async () => refuse('unavailable'),
    stream: async () => {
      if (!isThere) return refuse('sealed');
      let next = Promise.withResolvers<IteratorResult<unknown>>();
      opened.push({
        push: async (value) => {
          const current = next;
          next = Promise.withResolvers();
          current.resolve({ value, done: false });
          await turn();
        },
        cut: async (error) => {
          if (error === undefined) next.resolve({ value: undefined, done: true });
          else next.reject(error);
          await turn();
        },
      });
      const iterator: AsyncIterator<unknown> = { next: () => next.promise };
      return { [Symbol.asyncIterator]: () => iterator };
    },
  };
  return { transport, opened, setThere: (there: boolean) => (isThere = there) };
};

/** Waits for a condition that some turns of the event loop bring about. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test('the newest nonce is the current one, until it is too old', async () => {
  let now = 0;
  const keep = scriptedKeep();
  const source = new NonceSource({
    client: createClient(keep.transport),
    now: () => now,
    pauseMs: 1,
    onState: () => {},
  });
  await turn();
  assert.equal(source.current(), undefined);
  await keep.opened[0]?.push(nonce(1));
  assert.deepEqual(source.current(), Buffer.alloc(32, 1));
  now = 900;
  await keep.opened[0]?.push(nonce(2));
  now = 1_899;
  assert.deepEqual(source.current(), Buffer.alloc(32, 2));
  now = 1_900;
  assert.equal(source.current(), undefined);
  source.close();
});

test('without the keep there is no nonce, and it is asked for until it is back', async () => {
  const keep = scriptedKeep();
  const states: string[] = [];
  const source = new NonceSource({
    client: createClient(keep.transport),
    now: () => 0,
    pauseMs: 1,
    onState: (state) => states.push(state.kind === 'gone' ? `gone: ${state.code}` : state.kind),
  });
  await turn();
  await keep.opened[0]?.push(nonce(1));
  keep.setThere(false);
  await keep.opened[0]?.cut(new Error('cut off'));
  await until(() => states.length === 2);
  assert.equal(source.current(), undefined);
  keep.setThere(true);
  await until(() => keep.opened.length === 2);
  await keep.opened[1]?.push(nonce(2));
  assert.deepEqual(source.current(), Buffer.alloc(32, 2));
  assert.deepEqual(states, ['coming', 'gone: unavailable', 'coming'], 'told at the changes only');
  source.close();
  assert.equal(source.current(), undefined);
});

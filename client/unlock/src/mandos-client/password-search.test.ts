import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerAddress } from '../options/server-address.ts';
import type { Answer } from './ask-server.ts';
import { PasswordSearch } from './password-search.ts';

const at = (port: number): ServerAddress => ({ host: '192.0.2.1', port });
const message = (text: string): Answer => ({ kind: 'message', bytes: Buffer.from(text) });

/** A search over servers that behave by their port. */
const search = (
  behaviour: Readonly<Record<number, (signal: AbortSignal, onWaiting: () => void) => Promise<Answer>>>,
) => {
  const said: string[] = [];
  const started = new PasswordSearch({
    ask: ({ port }, signal, onWaiting) => behaviour[port]?.(signal, onWaiting) ?? Promise.resolve({ kind: 'nothing' }),
    open: (bytes) => {
      const text = Buffer.from(bytes).toString();
      return text.startsWith('for us: ')
        ? Promise.resolve(Buffer.from(text.slice(8)))
        : Promise.reject(new Error('it is damaged'));
    },
    retryMs: 5,
    say: (line) => said.push(line),
  });
  return { started, said };
};

const untilAborted = (signal: AbortSignal): Promise<Answer> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'failed', text: 'aborted' }));
  });

test('the first answer that opens wins, whatever the others give, and they are let go', async () => {
  let wasLetGo = false;
  const { started, said } = search({
    1: () => Promise.resolve(message('garbage')),
    2: () => Promise.resolve({ kind: 'failed', text: 'refuses the connection' }),
    3: async (signal, onWaiting) => {
      onWaiting();
      const answer = await untilAborted(signal);
      wasLetGo = true;
      return answer;
    },
    4: async () => {
      await pause(30);
      return message('for us: correct horse');
    },
  });
  for (const port of [1, 2, 3, 4]) started.add(at(port));
  assert.equal((await started.password).toString(), 'correct horse');
  await pause(1);
  assert.ok(wasLetGo);
  assert.deepEqual(said.toSorted(), [
    '192.0.2.1:1 gave something that cannot be opened: it is damaged',
    '192.0.2.1:2 refuses the connection',
  ]);
});

test('a server is asked again until it gives something, and what it says is told once', async () => {
  let tries = 0;
  const { started, said } = search({
    1: () => Promise.resolve(++tries < 5 ? { kind: 'nothing' } : message('for us: x')),
  });
  started.add(at(1));
  started.add(at(1));
  assert.equal((await started.password).toString(), 'x');
  assert.equal(tries, 5);
  assert.equal(said.length, 1);
});

test('however many servers hang while they are connected to, one behind them has its turn', async () => {
  const hanging = Object.fromEntries(
    Array.from({ length: 200 }, (_, port) => [
      port,
      async (signal: AbortSignal, onWaiting: () => void) => {
        onWaiting();
        return await untilAborted(signal);
      },
    ]),
  );
  const { started } = search({ ...hanging, 1000: () => Promise.resolve(message('for us: at last')) });
  for (let port = 0; port < 200; port++) started.add(at(port));
  started.add(at(1_000));
  assert.equal((await started.password).toString(), 'at last');
});

test('after the end nothing is asked and nothing is given', async () => {
  let tries = 0;
  const { started } = search({
    1: () => {
      tries++;
      return Promise.resolve({ kind: 'nothing' });
    },
  });
  started.add(at(1));
  await pause(20);
  started.stop();
  const before = tries;
  await pause(20);
  assert.equal(tries, before);
  started.add(at(2));
});

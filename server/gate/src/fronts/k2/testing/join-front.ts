// For tests: the front on a socket of its own, before a keep that says what a test tells it to, and clients that speak to it.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallOptions, createClient, ok, type Result, refuse } from '@chatelaine/contract';
import { silentLog } from '@chatelaine/process';
import type { Front } from '../../front.ts';
import { k2Config } from '../k2-config.ts';
import { k2Front } from '../k2-front.ts';
import { LineClient } from './line-client.ts';

/** A question as the keep would see it; copied, since the front wipes what it sent. */
interface SeenQuestion {
  readonly operation: string;
  readonly input: unknown;
  readonly credential: string;
  readonly options: CallOptions;
}

export interface StartedFront extends AsyncDisposable {
  readonly front: Front;
  readonly socket: string;
  readonly seen: readonly SeenQuestion[];
  answer(answer: (question: SeenQuestion) => Result<unknown> | Promise<Result<unknown>>): void;
  /** Connects and says so much. */
  connect(greeting: string): Promise<LineClient>;
  /** A session with a token, at its first READY. */
  join(): Promise<LineClient>;
}

export const startFront = async (config: Readonly<Record<string, unknown>> = {}): Promise<StartedFront> => {
  const directory = mkdtempSync(join(tmpdir(), 'gate-k2-'));
  const socketPath = join(directory, 'k2.sock');
  const seen: SeenQuestion[] = [];
  const clients: LineClient[] = [];
  let answer: (question: SeenQuestion) => Result<unknown> | Promise<Result<unknown>> = () => ok({});
  const client = createClient({
    call: async (operation, input, options) => {
      const credential = options.credential === undefined ? '' : Buffer.from(options.credential).toString();
      const question = { operation, input: structuredClone(input), credential, options };
      seen.push(question);
      return await answer(question);
    },
    stream: async () => refuse('unavailable'),
  });
  const nonces = { current: () => undefined };
  const table = k2Config.parse({ socket: socketPath, ...config });
  const front = await k2Front.start({ client, nonces, log: silentLog, directory, httpParts: [] }, table);
  const connectClient = async (greeting: string): Promise<LineClient> => {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    const made = new LineClient(socket, socket);
    clients.push(made);
    made.send(greeting);
    return made;
  };
  return {
    front,
    socket: socketPath,
    seen,
    answer: (given) => {
      answer = given;
    },
    connect: connectClient,
    join: async () => {
      const made = await connectClient('K2 192.0.2.7 token-1\n');
      await made.hear();
      return made;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.leave();
      front.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

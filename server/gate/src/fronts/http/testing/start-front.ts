// For tests: the front on loopback, before a keep that says what a test tells it to.

import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallOptions, createClient, ok, type Result, refuse } from '@chatelaine/contract';
import { silentLog } from '@chatelaine/process';
import type { Front } from '../../front.ts';
import { httpConfig } from '../http-config.ts';
import type { HttpPart } from '../http-context.ts';
import { httpFront } from '../http-front.ts';

/** A question as the keep would see it; copied, since the front wipes what it sent. */
interface SeenQuestion {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly credential?: string;
  readonly options: CallOptions;
}

/** An answer to a request. */
interface Answered {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
  readonly json: () => Readonly<Record<string, unknown>>;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** `token-1` if absent, none if `null`. */
  readonly token?: string | null;
}

/** The front, while a test uses it. */
export interface StartedFront extends AsyncDisposable {
  readonly front: Front;
  /** Of the address without TLS. */
  readonly port: number;
  readonly httpsPort: number | undefined;
  readonly directory: string;
  readonly seen: readonly SeenQuestion[];
  /** What the keep answers from now on. */
  answer(answer: (question: SeenQuestion) => Result<unknown> | Promise<Result<unknown>>): void;
  ask(path: string, asked?: Asked): Promise<Answered>;
}

export const startFront = async (
  config: Readonly<Record<string, unknown>> = {},
  httpParts: readonly HttpPart[] = [],
): Promise<StartedFront> => {
  const directory = mkdtempSync(join(tmpdir(), 'gate-http-'));
  const seen: SeenQuestion[] = [];
  let answer: (question: SeenQuestion) => Result<unknown> | Promise<Result<unknown>> = () => ok({});
  const client = createClient({
    call: async (operation, input, options) => {
      const { credential } = options;
      const question = {
        operation,
        input: structuredClone(input) as SeenQuestion['input'],
        options,
        ...(credential !== undefined && { credential: Buffer.from(credential).toString() }),
      };
      seen.push(question);
      return await answer(question);
    },
    stream: async () => refuse('unavailable'),
  });
  const nonces = { current: () => Buffer.alloc(32, 7) };
  const table = httpConfig.parse({ listen: [], plain: ['127.0.0.1:0'], ...config });
  const front = await httpFront.start({ client, nonces, log: silentLog, directory, httpParts }, table);
  const portOf = (scheme: string): number | undefined => {
    const address = front.addresses.find((it) => it.startsWith(`${scheme}://`));
    return address === undefined ? undefined : Number(address.split(':').at(-1));
  };
  const port = portOf('http') ?? 0;
  return {
    front,
    port,
    httpsPort: portOf('https'),
    directory,
    seen,
    answer: (given) => {
      answer = given;
    },
    ask: (path, { method = 'GET', headers = {}, body, token = 'token-1' } = {}) =>
      new Promise((resolve, reject) => {
        const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
        const asked = request(
          { host: '127.0.0.1', port, path, method, agent: false, headers: { ...authorization, ...headers } },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () => {
              const whole = Buffer.concat(chunks);
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: whole,
                json: () => JSON.parse(whole.toString()),
              });
            });
          },
        );
        asked.on('error', reject);
        asked.end(body);
      }),
    [Symbol.asyncDispose]: async () => {
      front.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

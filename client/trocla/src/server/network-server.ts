// A server over its HTTP API. Written without the contract's schemas: loading those takes longer than asking.

import { randomUUID } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { RefusalCode, Result } from '@chatelaine/contract';
import { ActionFailed } from '../failed-action.ts';
import type { Asked, AskedInput, AskedOutput, PasswordServer } from './password-server.ts';
import type { NetworkServer } from './server-settings.ts';

const PATIENCE_MS = 120_000;

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
}

const routes: Readonly<Record<Asked, Route>> = {
  get: { method: 'GET', path: '/passwords/{key}/{format}' },
  create: { method: 'POST', path: '/passwords/{key}/{format}' },
  reset: { method: 'POST', path: '/passwords/{key}/{format}/reset' },
  set: { method: 'PUT', path: '/passwords/{key}/{format}' },
  remove: { method: 'DELETE', path: '/passwords/{key}/{format}' },
  removeKey: { method: 'DELETE', path: '/passwords/{key}' },
  show: { method: 'GET', path: '/passwords/{key}' },
  list: { method: 'GET', path: '/passwords' },
};

/** RFC 9457, as far as it is looked at. */
interface Problem {
  readonly code?: RefusalCode;
  readonly detail?: string;
  readonly field?: string;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Bytes as the API has them in JSON. */
const inJson = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') : value;

const fromJson = (name: string, value: unknown): unknown =>
  name === 'value' && typeof value === 'string' ? Buffer.from(value, 'base64') : value;

const partsOf = ({ method, path }: Route, input: Readonly<Record<string, unknown>>) => {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  if (method === 'POST' || method === 'PUT') {
    const fields = Object.fromEntries([...rest].map(([name, value]) => [name, inJson(value)]));
    return { path: `/v1${filled}`, body: Buffer.from(JSON.stringify(fields)) };
  }
  const query = new URLSearchParams();
  for (const [name, value] of rest) query.append(name, String(value));
  return { path: `/v1${filled}${query.size === 0 ? '' : `?${query}`}`, body: undefined };
};

export class HttpPasswordServer implements PasswordServer {
  readonly #server: NetworkServer;
  readonly #token: Buffer;
  readonly #agent: Agent;

  constructor(server: NetworkServer) {
    const { trusted, fingerprint } = server;
    this.#server = server;
    this.#token = server.readToken();
    this.#agent = new Agent({
      keepAlive: true,
      ...(trusted !== undefined && { ca: trusted }),
      // Then the fingerprint is looked at, before anything is sent.
      ...(fingerprint !== undefined && { rejectUnauthorized: false }),
    });
  }

  async ask<Name extends Asked>(name: Name, input: AskedInput<Name>): Promise<Result<AskedOutput<Name>>> {
    const route = routes[name];
    const { path, body } = partsOf(route, input as Readonly<Record<string, unknown>>);
    try {
      const { status, body: answer } = await this.#send(route.method, path, body);
      return this.#resultOf(status, answer) as Result<AskedOutput<Name>>;
    } finally {
      body?.fill(0);
    }
  }

  close(): Promise<void> {
    this.#token.fill(0);
    this.#agent.destroy();
    return Promise.resolve();
  }

  #send(method: string, path: string, body: Buffer | undefined): Promise<Answer> {
    const { url, fingerprint } = this.#server;
    const isTls = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const fail = (error: Error & { code?: string }): void =>
        reject(
          error instanceof ActionFailed
            ? error
            : new ActionFailed(`${url.origin} cannot be asked: ${error.code ?? error.message}`),
        );
      const request = (isTls ? tlsRequest : plainRequest)({
        ...{ method, path, host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || (isTls ? 443 : 80) },
        ...(isTls && { agent: this.#agent }),
        headers: {
          authorization: `Bearer ${this.#token.toString('latin1')}`,
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': body.length }),
          ...(method !== 'GET' && { 'idempotency-key': randomUUID() }),
        },
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      request.once('error', fail).once('response', (response) => {
        const chunks: Buffer[] = [];
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
          .once('error', fail);
      });
      if (fingerprint === undefined || !isTls) {
        request.end(body);
        return;
      }
      request.once('socket', (socket) => {
        const secured = socket as TLSSocket;
        const check = (): void => {
          const shown = secured.getPeerCertificate().fingerprint256;
          if (shown === fingerprint.toUpperCase()) request.end(body);
          else
            request.destroy(new ActionFailed(`${url.origin} shows another certificate than that of the fingerprint`));
        };
        // A connection that is used again was looked at before.
        if (request.reusedSocket) request.end(body);
        else secured.once('secureConnect', check);
      });
    });
  }

  #resultOf(status: number, body: Buffer): Result<unknown> {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body.toString(), fromJson);
    } catch {
      throw new ActionFailed(`${this.#server.url.origin} answered with status ${status} and no JSON`);
    } finally {
      body.fill(0);
    }
    if (status === 200) return { kind: 'ok', value: parsed };
    const { code = 'internal', detail = `status ${status}`, field } = (parsed ?? {}) as Problem;
    // What is wrong with a field stands behind its name.
    const [, about = detail] = field === undefined ? [] : detail.split(`${field}: `);
    return { kind: 'refused', code, message: about };
  }
}

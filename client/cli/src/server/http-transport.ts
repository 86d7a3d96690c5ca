// Asks public operations over HTTPS. The server is known by its certificate's fingerprint, or by a certificate that the system
// trusts; nothing is sent before that is certain.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import {
  API_PREFIX,
  bytesReader,
  type HttpForm,
  httpFormOf,
  isRefusalCode,
  type PublicOperation,
  publicOperations,
  type Result,
  refuse,
  type Transport,
  withBase64,
} from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import type { ServerAddress } from './server-address.ts';

const MAX_ANSWER_BYTES = 16_777_216;
const DEFAULT_DEADLINE_MS = 30_000;

export interface HttpTransportOptions {
  readonly server: ServerAddress;
  /** SHA-256 of the certificate, as `AA:BB:…`; absent: the system has to trust it. */
  readonly fingerprint?: string | undefined;
  /** ASCII; absent for what anybody may ask. Stays the caller's. */
  readonly token?: Uint8Array | undefined;
}

const connectFailed = ({ origin }: ServerAddress, error: NodeJS.ErrnoException): Failure => {
  const hint = error.code?.includes('CERT') ? 'Say --fingerprint if the certificate signs itself.' : undefined;
  return new Failure('unreachable', `${origin} cannot be reached: ${error.code ?? error.message}.`, hint);
};

/** A connection to the server, once it is certain that it is the server. */
const connectServer = (server: ServerAddress, fingerprint: string | undefined): Promise<net.Socket> =>
  new Promise((resolve, reject) => {
    const { hostname: host, port, isEncrypted } = server;
    const fail = (error: Error): void => reject(error instanceof Failure ? error : connectFailed(server, error));
    if (!isEncrypted) {
      const socket = net.connect({ host, port }, () => resolve(socket)).once('error', fail);
      return;
    }
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = tls
      .connect({ host, port, ...servername, rejectUnauthorized: fingerprint === undefined, minVersion: 'TLSv1.2' })
      .once('error', fail)
      .once('secureConnect', () => {
        if (fingerprint === undefined || socket.getPeerCertificate().fingerprint256 === fingerprint) resolve(socket);
        else {
          socket.destroy();
          reject(new Failure('refused', `${server.origin} shows another certificate than the one it is known by.`));
        }
      });
  });

/** The certificate that a server shows; for a person to compare. */
export const fingerprintOf = async (server: ServerAddress): Promise<string | undefined> => {
  if (!server.isEncrypted) return undefined;
  return await new Promise((resolve, reject) => {
    const { hostname: host, port } = server;
    const socket = tls
      .connect({ host, port, rejectUnauthorized: false })
      .once('error', (error) => reject(connectFailed(server, error)))
      .once('secureConnect', () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
  });
};

interface Prepared {
  readonly path: string;
  readonly body: string | undefined;
}

const prepare = (operation: PublicOperation, form: HttpForm, input: Readonly<Record<string, unknown>>): Prepared => {
  let { path } = operation.http;
  const query = new URLSearchParams();
  const body: Record<string, unknown> = {};
  for (const { name, in: place } of form.fields) {
    const value = input[name];
    if (value === undefined) continue;
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(String(value)));
    else if (place === 'body') body[name] = value;
    else for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const hasBody = operation.http.method !== 'GET' && operation.http.method !== 'DELETE';
  const text = query.size === 0 ? '' : `?${query}`;
  return { path: `${API_PREFIX}${path}${text}`, body: hasBody ? JSON.stringify(withBase64(body)) : undefined };
};

const readAll = async (response: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new Failure('internal', 'The server sends more than any answer has.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
};

/** What the server answered, as the refusal or value it stands for. */
const resultOf = (status: number, text: string, readBytes: ReturnType<typeof bytesReader>): Result<unknown> => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Failure('unreachable', `The server answered with status ${status} and no JSON: it is no Chatelaine.`);
  }
  if (status === 200) return { kind: 'ok', value: readBytes?.(parsed) ?? parsed };
  const { code, field } = (parsed ?? {}) as { readonly code?: unknown; readonly field?: unknown };
  if (typeof code !== 'string' || !isRefusalCode(code)) {
    throw new Failure('unreachable', `The server answered with status ${status}: it is of another version.`);
  }
  return refuse(code, typeof field === 'string' ? { field, message: 'is wrong' } : {});
};

/** A transport for `createClient`. What is not public is refused before anything is sent. */
export const httpTransport = ({ server, fingerprint, token }: HttpTransportOptions): Transport => ({
  call: async (name, input, { deadlineMs = DEFAULT_DEADLINE_MS, requestId }) => {
    const operation = publicOperations.find((known) => known.name === name);
    if (operation === undefined) {
      throw new Failure('usage', 'This is asked on the server itself, not over the network.');
    }
    const form = httpFormOf(operation);
    const { path, body } = prepare(operation, form, input as Readonly<Record<string, unknown>>);
    const socket = await connectServer(server, fingerprint);
    const headers: Record<string, string> = { host: new URL(server.origin).host, connection: 'close' };
    if (token !== undefined) headers['authorization'] = `Bearer ${Buffer.from(token).toString('latin1')}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (requestId !== undefined) headers['idempotency-key'] = requestId;
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const signal = AbortSignal.timeout(deadlineMs);
        const { method } = operation.http;
        const request = httpRequest({ method, path, headers, signal, createConnection: () => socket }, resolve);
        request.once('error', (error) => reject(connectFailed(server, error)));
        request.end(body);
      });
      return resultOf(response.statusCode ?? 0, await readAll(response), bytesReader(form.output));
    } finally {
      socket.destroy();
    }
  },
  stream: async () => {
    throw new Failure('usage', 'This is followed on the server itself, not over the network.');
  },
});

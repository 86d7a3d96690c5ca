// One heartbeat to one server: its keep's nonce is asked for, signed and posted through its gate. Nothing is sent to a server that
// shows another certificate than the one it is known by. docs/checkers.md; `machines.heartbeat` in docs/operations.md

import { type KeyObject, sign } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { heartbeatStatement } from '@chatelaine/contract/heartbeat-statement';
import type { HeartbeatServer } from './settings.ts';

const PATIENCE_MS = 20_000;
const MAX_ANSWER_BYTES = 65_536;
const NONCE_BYTES = 32;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const parseBody = (text: string): Answer['body'] => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answer['body']) : {};
  } catch {
    return {};
  }
};

const exchange = (
  { url, fingerprint }: HeartbeatServer,
  method: 'GET' | 'POST',
  path: string,
  body = '',
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const isTls = url.protocol === 'https:';
    const request = (isTls ? tlsRequest : plainRequest)(new URL(path, url), {
      method,
      agent: false,
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      // Then the fingerprint is looked at, before anything is sent.
      ...(isTls && fingerprint !== undefined && { rejectUnauthorized: false }),
    });
    request.once('error', reject).once('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response
        .on('data', (part: Buffer) => {
          size += part.length;
          if (size > MAX_ANSWER_BYTES) request.destroy(new Error('it sends more than any answer has'));
          else parts.push(part);
        })
        .once('error', reject)
        .once('end', () =>
          resolve({ status: response.statusCode ?? 0, body: parseBody(Buffer.concat(parts).toString()) }),
        );
    });
    if (!isTls || fingerprint === undefined) {
      request.end(body);
      return;
    }
    request.once('socket', (socket) => {
      const secured = socket as TLSSocket;
      secured.once('secureConnect', () => {
        if (secured.getPeerCertificate().fingerprint256 === fingerprint) request.end(body);
        else request.destroy(new Error('it shows another certificate than the one it is known by'));
      });
    });
  });

/** Sends one. Gives why it was not taken, in words; `undefined` if it was. */
export const sendHeartbeat = async (
  server: HeartbeatServer,
  name: string,
  key: KeyObject,
): Promise<string | undefined> => {
  const { origin } = server.url;
  try {
    const asked = await exchange(server, 'GET', '/v1/nonce');
    const nonce = Buffer.from(typeof asked.body['nonce'] === 'string' ? asked.body['nonce'] : '', 'base64');
    if (asked.status !== 200 || nonce.length !== NONCE_BYTES) {
      const { code = `status ${asked.status}` } = asked.body;
      return `${origin} does not ask anything: ${code}`;
    }
    const signature = sign(null, heartbeatStatement(name, nonce), key);
    const body = JSON.stringify({
      name,
      nonce: nonce.toString('base64'),
      signature: signature.toString('base64'),
    });
    const { status, body: answer } = await exchange(server, 'POST', '/v1/heartbeats', body);
    if (status === 200) return undefined;
    const { code = `status ${status}` } = answer;
    // An answer of this machine to this very question was taken already: the keep asks something new every ten seconds.
    if (code === 'replayed') return undefined;
    const about = code === 'bad-proof' ? '; it does not know this machine by this key and name' : '';
    return `${origin} does not take it: ${code}${about}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `${origin} cannot be told: ${code ?? message}`;
  }
};

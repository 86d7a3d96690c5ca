// How the front answers: written by hand, so that a secret can be wiped once it was handed to the system. A refusal becomes
// RFC 9457 problem details with its stable code. Nothing that was sent is sent back.

import { STATUS_CODES } from 'node:http';
import { explainRefusal, httpStatusOf, type Refused } from '@chatelaine/contract';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type HttpContext, requestIdOf } from './http-context.ts';

const PROBLEM = 'application/problem+json';

export interface AnswerOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called when the body is not needed any more. */
  readonly whenSent?: () => void;
}

/** Sends an answer. */
export const respond = (
  context: HttpContext,
  type: string,
  body: string | Uint8Array,
  { status = 200, headers = {}, whenSent }: AnswerOptions = {},
): Response => {
  const { outgoing } = context.env;
  // A connection that breaks closes without having finished.
  if (whenSent !== undefined) outgoing.once('finish', whenSent).once('close', whenSent);
  outgoing.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'X-Request-Id': requestIdOf(context),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  outgoing.end(body);
  return RESPONSE_ALREADY_SENT;
};

/** Sends an answer in JSON. */
export const respondJson = (context: HttpContext, value: unknown): Response =>
  respond(context, 'application/json', JSON.stringify(value));

/** What a refusal adds to the headers. */
const headersOf = ({ code }: Refused): Readonly<Record<string, string>> => {
  if (code === 'unauthenticated') return { 'WWW-Authenticate': 'Bearer realm="chatelaine"' };
  if (code === 'too-many-requests') return { 'Retry-After': '1' };
  // What is left of the request is not waited for.
  if (code === 'busy') return { 'Retry-After': '1', Connection: 'close' };
  return code === 'too-large' ? { Connection: 'close' } : {};
};

/** Sends a refusal; its status is that of the table, unless HTTP has a word of its own for it. */
export const respondProblem = (context: HttpContext, refused: Refused, options: AnswerOptions = {}): Response => {
  const { code, field } = refused;
  const { text, hint } = explainRefusal(refused);
  const status = options.status ?? httpStatusOf[code];
  const problem = {
    type: `urn:chatelaine:refusal:${code}`,
    title: STATUS_CODES[status] ?? 'Refused',
    status,
    detail: text,
    code,
    ...(field !== undefined && field !== '' && { field }),
    hint,
    requestId: requestIdOf(context),
  };
  return respond(context, PROBLEM, JSON.stringify(problem), {
    status,
    headers: { ...headersOf(refused), ...options.headers },
  });
};

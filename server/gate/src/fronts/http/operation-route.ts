// One public operation as a route: the request becomes its input, the keep decides and answers, and the answer becomes the
// response. The gate passes the caller's credential on and never judges it.

import { randomUUID } from 'node:crypto';
import {
  httpFormOf,
  type PublicOperation,
  type Refused,
  type Result,
  refuse,
  takesIdempotencyKey,
  wipeBytes,
  withBase64,
} from '@chatelaine/contract';
import { respond, respondJson, respondProblem } from './answers.ts';
import { credentialOf, type HttpContext, type HttpServices, sourceOf } from './http-context.ts';
import { OperationInput } from './operation-input.ts';
import { callerOf } from './rate-limits.ts';

const IDEMPOTENCY_KEY = /^[A-Za-z0-9_-]{8,64}$/;
const RAW = 'application/octet-stream';

/** What may change something and has no name of its own gets one: the link asks again if it is cut off. */
const idempotencyKeyOf = (
  operation: PublicOperation,
  { env: { incoming } }: HttpContext,
): string | Refused | undefined => {
  if (!takesIdempotencyKey(operation)) return undefined;
  const given = incoming.headers['idempotency-key'];
  if (given === undefined) return randomUUID();
  if (typeof given === 'string' && IDEMPOTENCY_KEY.test(given)) return given;
  return refuse('invalid-input', { field: 'Idempotency-Key', message: 'must be 8 to 64 of A-Z, a-z, 0-9, _ and -' });
};

const wantsRaw = ({ env: { incoming } }: HttpContext): boolean => incoming.headers.accept?.includes(RAW) === true;

/** Aborts when the caller is gone before it was answered: what waits for a condition waits for nobody then. */
const goneOf = ({ env: { outgoing } }: HttpContext): AbortSignal => {
  const controller = new AbortController();
  // Every answer closes; to abort what was answered costs more than to answer.
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) controller.abort();
  });
  return controller.signal;
};

/** What answers requests for one operation. */
export const operationRoute = (
  operation: PublicOperation,
  { bodies, client, config, limits }: HttpServices,
): ((context: HttpContext) => Promise<Response>) => {
  const form = httpFormOf(operation);
  const inputs = new OperationInput(form, bodies);
  const isOpen = operation.http.isOpen === true;
  const deadlineMs = config.answer_seconds * 1_000;

  const ask = async (context: HttpContext, credential: Buffer | undefined): Promise<Result<unknown>> => {
    const source = sourceOf(context, config);
    const caller = callerOf(credential, source);
    if (!limits.admits(caller)) return refuse('too-many-requests');
    if (credential === undefined && !isOpen) return refuse('unauthenticated');
    const requestId = idempotencyKeyOf(operation, context);
    if (typeof requestId === 'object') return requestId;
    const read = await inputs.read(context);
    if (read.kind === 'refused') return read;
    const { fields, body } = read.value;
    try {
      const result = await client.call(operation, fields, {
        deadlineMs,
        source,
        ...(credential !== undefined && { credential }),
        ...(requestId !== undefined && { requestId }),
        ...(operation.kind === 'release' && { signal: goneOf(context) }),
      });
      limits.learn(caller, result);
      return result;
    } finally {
      wipeBytes(fields);
      if (body !== undefined) bodies.release(body);
    }
  };

  return async (context) => {
    const credential = isOpen ? undefined : credentialOf(context);
    let result: Result<unknown>;
    try {
      result = await ask(context, credential);
    } finally {
      credential?.fill(0);
    }
    if (result.kind === 'refused') return respondProblem(context, result);
    const value = result.value as Readonly<Record<string, unknown>>;
    const whenSent = (): void => wipeBytes(value);
    const raw = form.rawOutput === undefined ? undefined : value[form.rawOutput];
    if (raw instanceof Uint8Array && wantsRaw(context)) return respond(context, RAW, raw, { whenSent });
    const response = respondJson(context, withBase64(value));
    whenSent();
    return response;
  };
};

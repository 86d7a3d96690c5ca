// The application: its parts, what becomes of a request that none of them answers, and the count of all of them.

import { type Refused, refuse } from '@chatelaine/contract';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { respondProblem } from './answers.ts';
import { type HttpApp, type HttpContext, type HttpPart, type HttpServices, requestIdOf } from './http-context.ts';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const notFound: Refused = refuse('not-found', { message: 'there is nothing at this path' });

/** A path that is there, asked with another method than it has. RFC 9110 section 15.5.6. */
const notAnswered = (app: HttpApp, context: HttpContext): Response => {
  const has = METHODS.filter((method) =>
    app.router.match(method, context.req.path)[0].some(([[, route]]) => route.path !== '/*'),
  );
  if (has.length === 0) return respondProblem(context, notFound);
  const refused = refuse('invalid-input', { message: 'the path has another method' });
  return respondProblem(context, refused, { status: 405, headers: { Allow: has.join(', ') } });
};

/** Makes the application. */
export const makeHttpApp = (parts: readonly HttpPart[], services: HttpServices): HttpApp => {
  const { log, metrics } = services;
  const app: HttpApp = new Hono();
  const noteSeconds = metrics.histogram('chatelaine_http_request_seconds', 'How long answers took.', SECONDS);
  app.use(async (context, next) => {
    const startedMs = performance.now();
    await next();
    const seconds = (performance.now() - startedMs) / 1_000;
    const status = context.env.outgoing.statusCode;
    noteSeconds(seconds);
    metrics.count('chatelaine_http_requests_total', 'Answered requests.', { status: String(status) });
    const { method, routePath } = context.req;
    log.debug({ requestId: requestIdOf(context), method, route: routePath, status, seconds }, 'answered');
  });
  for (const part of parts) part.add(app, services);
  app.notFound((context) => notAnswered(app, context));
  app.onError((error, context) => {
    log.error({ err: error, requestId: requestIdOf(context) }, 'a request failed');
    return context.env.outgoing.headersSent ? RESPONSE_ALREADY_SENT : respondProblem(context, refuse('internal'));
  });
  return app;
};

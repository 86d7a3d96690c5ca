// The API itself: every public operation, the nonce that a heartbeat signs, and the document that describes them.

import { API_PREFIX, openApiDocument, publicOperations, refuse } from '@chatelaine/contract';
import { respond, respondJson, respondProblem } from './answers.ts';
import { type HttpPart, sourceOf } from './http-context.ts';
import { operationRoute } from './operation-route.ts';
import { callerOf } from './rate-limits.ts';

/** A route as hono writes it. */
const patternOf = (path: string): string => `${API_PREFIX}${path.replace(/\{(\w+)\}/g, ':$1')}`;

export const apiPart: HttpPart = {
  name: 'api',
  add(app, services) {
    for (const operation of publicOperations) {
      const { method, path } = operation.http;
      app.on(method, patternOf(path), operationRoute(operation, services));
    }
    app.get(`${API_PREFIX}/nonce`, (context) => {
      if (!services.limits.admits(callerOf(undefined, sourceOf(context, services.config)))) {
        return respondProblem(context, refuse('too-many-requests'));
      }
      const nonce = services.nonces.current();
      return nonce === undefined
        ? respondProblem(context, refuse('unavailable'))
        : respondJson(context, { nonce: nonce.toString('base64') });
    });
    let document: string | undefined;
    app.get(`${API_PREFIX}/openapi.json`, (context) => {
      document ??= JSON.stringify(openApiDocument());
      return respond(context, 'application/json', document);
    });
  },
};

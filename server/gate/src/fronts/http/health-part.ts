// Whether the gate is alive, and whether it can serve: the keep is there and open. Neither asks for a token, and neither tells
// more than that.

import { type Refused, refuse, system } from '@chatelaine/contract';
import { respondJson, respondProblem } from './answers.ts';
import type { HttpPart, HttpServices } from './http-context.ts';

/** How long an answer of the keep is good, so that nobody can have it asked all the time. */
const KNOWN_FOR_MS = 1_000;
const ASK_FOR_MS = 2_000;

const askWhetherReady = async ({ client }: HttpServices): Promise<Refused | undefined> => {
  const status = await client.call(system.status, {}, { deadlineMs: ASK_FOR_MS });
  if (status.kind === 'refused') return status.code === 'deadline' ? refuse('unavailable') : status;
  return status.value.sealed ? refuse('sealed') : undefined;
};

export const healthPart: HttpPart = {
  name: 'health',
  add(app, services) {
    let known: { readonly answer: Promise<Refused | undefined>; readonly untilMs: number } | undefined;
    app.get('/healthz', (context) => respondJson(context, { status: 'alive' }));
    app.get('/readyz', async (context) => {
      const nowMs = performance.now();
      if (known === undefined || known.untilMs < nowMs) {
        known = { answer: askWhetherReady(services), untilMs: nowMs + KNOWN_FOR_MS };
      }
      const refused = await known.answer;
      return refused === undefined ? respondJson(context, { status: 'ready' }) : respondProblem(context, refused);
    });
  },
};

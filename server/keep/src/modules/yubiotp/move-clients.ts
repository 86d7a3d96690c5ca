// Clients of the validation protocol on their way from another validation server and to one.

import { ok, yubiotp } from '@chatelaine/contract';
import { answer, type BoundOperation, release } from '../../kernel/module.ts';
import { type Condition, decideRelease, proved } from '../../kernel/release/decision.ts';
import { addClient, type ClientRecord, readClient } from './client-record.ts';

interface Asked {
  readonly client: ClientRecord | undefined;
}

const conditions: readonly Condition<Asked>[] = [
  {
    name: 'client',
    evaluate: ({ client }) =>
      client === undefined ? { outcome: 'unmet', code: 'not-found', facts: [] } : { outcome: 'met', facts: [] },
  },
];

export const moveClients = (): readonly BoundOperation[] => [
  answer(yubiotp.bringClients, async ({ input, touch }, tx) => {
    const kept: number[] = [];
    for (const { id, ...client } of input.clients) {
      if ((await readClient(tx, id)) !== undefined) {
        kept.push(id);
        continue;
      }
      await addClient(tx, id, { format: 1, ...client });
      touch(`clients/${id}`);
    }
    return ok({ added: input.clients.length - kept.length, kept });
  }),

  release(yubiotp.exportClient, async ({ input: { id }, moment }, tx) => {
    const client = await readClient(tx, id);
    const decision = decideRelease(conditions, { client }, moment, [proved('for-export', true)]);
    if (decision.verdict !== 'release' || client === undefined) return { decision };
    const { format: _, ...output } = client;
    return { subject: `clients/${id}`, isRemembered: false, decision, output: { id, ...output } };
  }),
];

// Clients of the validation protocol on their way from another validation server and to one.

import { ok, yubiotp } from '@chatelaine/contract';
import { answer, type BoundOperation, release } from '../../kernel/module.ts';
import { decideRelease, proved } from '../../kernel/release/decision.ts';
import { thereCondition } from '../../otp/there-condition.ts';
import { addClient, readClient } from './client-record.ts';

const conditions = [thereCondition('client')];

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
    const decision = decideRelease(conditions, { isThere: client !== undefined }, moment, [proved('for-export', true)]);
    if (decision.verdict !== 'release' || client === undefined) return { decision };
    const { format: _, ...output } = client;
    return { subject: `clients/${id}`, isRemembered: false, decision, output: { id, ...output } };
  }),
];

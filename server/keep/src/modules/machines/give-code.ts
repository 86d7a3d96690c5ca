// Somebody gives a one-time code for a request that waits. That the code is spent is durable together with the record of what it
// was spent for; of any number of requests that it is given for at once it counts for one.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { decideRelease } from '../../kernel/release/decision.ts';
import { spendCode } from '../../otp/spend-code.ts';
import { findGiver } from './code-givers.ts';
import type { MachinesContext } from './machines-context.ts';
import { readPendingSubject } from './read-subject.ts';
import { releaseConditions } from './release-conditions.ts';

export const giveCode = (context: MachinesContext): BoundOperation => {
  const { pending, services } = context;
  const count = (outcome: 'accepted' | 'refused'): void =>
    services.metrics.count('chatelaine_codes_total', 'One-time codes given for machines that wait.', { outcome });
  return answer(machines.giveCode, async ({ input, moment, request, source, touch, note, afterCommit }, tx) => {
    const { requestId, user, code } = input;
    const waiting = pending.find(requestId);
    const subject = waiting && (await readPendingSubject(context, tx, waiting, moment.nowUnixMs));
    const rule = subject?.rule.oneTimeCode;
    if (waiting === undefined || subject === undefined || rule === undefined) return refuse('not-found');
    if (moment.nowUnixMs >= waiting.untilUnixMs) return refuse('not-found');
    const person = await findGiver(services, tx, rule, user);
    if (person === undefined) return refuse('not-an-approver');
    if (subject.codeGiven !== undefined) return refuse('conflict', { message: 'a code was given for it already' });
    // Nothing is spent for what is refused anyway.
    const codeGiven = { user, since: person.since, by: '' };
    const { askedAtUnixMs } = waiting;
    const decision = decideRelease(releaseConditions, { ...subject, codeGiven }, { ...moment, askedAtUnixMs }, []);
    if (decision.verdict === 'refuse') return refuse(decision.code);
    const spent = await spendCode(services, tx, { user, code, source, moment, request, afterCommit });
    if (spent.kind === 'refused') {
      count('refused');
      return spent;
    }
    const { by } = spent.value;
    note({ name: 'one-time-code-given-by', value: user, assurance: 'proved' });
    note({ name: 'one-time-code-made-by', value: by, assurance: 'proved' });
    note({ name: 'request', value: requestId, assurance: 'proved' });
    touch(waiting.name);
    afterCommit(() => {
      waiting.codes.set(user, { ...codeGiven, by });
      count('accepted');
    });
    return ok({ by });
  });
};

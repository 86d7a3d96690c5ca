// One-time codes by counter.

import { hotp, ok } from '@chatelaine/contract';
import { answer, defineModule } from '../../kernel/module.ts';
import { changeCredentials, enrollCredential } from '../../otp/change-credentials.ts';
import { commonView, showCredentials } from '../../otp/show-credentials.ts';
import { TryBudget } from '../../otp/try-budget.ts';
import { verifyCode } from '../../otp/verify-code.ts';
import { type HotpCredential, hotpKind } from './hotp-kind.ts';

export const hotpModule = defineModule({
  name: 'hotp',
  requires: ['users', 'aes'],
  start: (services) => {
    const budget = new TryBudget(services.clock);
    const viewOf = (user: string, credential: HotpCredential): hotp.HotpView => {
      const { lookAhead, unspent: counter } = credential;
      return { ...commonView(hotpKind, services, budget, user, credential), lookAhead, counter };
    };
    return {
      operations: [
        answer(hotp.enroll, (call, tx) => {
          const { counter, lookAhead } = call.input;
          return enrollCredential(hotpKind, services, call, tx, { unspent: counter, lookAhead });
        }),
        verifyCode(hotpKind, services, budget),
        ...changeCredentials(hotpKind, services, budget),
        answer(hotp.list, async ({ input }, tx) => ok(await showCredentials(hotpKind, services, tx, input, viewOf))),
      ],
    };
  },
});

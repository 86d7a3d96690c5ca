// One-time codes by counter.

import { hotp, ok } from '@chatelaine/contract';
import { answer, defineModule, release } from '../../kernel/module.ts';
import { changeCredentials, enrollCredential } from '../../otp/change-credentials.ts';
import { exportCredential, importCredentials } from '../../otp/move-credentials.ts';
import { commonView, type Shown, showCredentials } from '../../otp/show-credentials.ts';
import { TryBudget } from '../../otp/try-budget.ts';
import { CodeCheck } from '../../otp/verify-code.ts';
import { type HotpCredential, hotpKind } from './hotp-kind.ts';

export const hotpModule = defineModule({
  name: 'hotp',
  requires: ['users', 'aes'],
  start: (services) => {
    const budget = new TryBudget(services.clock);
    const codes = new CodeCheck(hotpKind, services, budget);
    const viewOf = (shown: Shown<HotpCredential>): hotp.HotpView => {
      const { lookAhead, unspent: counter } = shown.credential;
      return { ...commonView(hotpKind, services, budget, shown), lookAhead, counter };
    };
    return {
      operations: [
        answer(hotp.enroll, (call, tx) => {
          const { counter, lookAhead } = call.input;
          return enrollCredential(hotpKind, services, call, tx, { unspent: counter, lookAhead });
        }),
        answer(hotp.bring, (call, tx) =>
          importCredentials(hotpKind, services, call, tx, ({ counter, lookAhead }) => ({
            unspent: counter,
            lookAhead,
          })),
        ),
        release(hotp.exportSeed, (call, tx) =>
          exportCredential(hotpKind, services, call, tx, ({ unspent: counter, lookAhead }) => ({ counter, lookAhead })),
        ),
        codes.operation,
        ...changeCredentials(hotpKind, services, budget),
        answer(hotp.list, async ({ input }, tx) => ok(await showCredentials(hotpKind, services, tx, input, viewOf))),
      ],
      services: { spend: codes.service },
    };
  },
});

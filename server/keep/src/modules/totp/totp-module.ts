// One-time codes by time.

import { ok, totp } from '@chatelaine/contract';
import { answer, defineModule } from '../../kernel/module.ts';
import { changeCredentials, enrollCredential } from '../../otp/change-credentials.ts';
import { commonView, showCredentials } from '../../otp/show-credentials.ts';
import { TryBudget } from '../../otp/try-budget.ts';
import { verifyCode } from '../../otp/verify-code.ts';
import { type TotpCredential, totpKind } from './totp-kind.ts';

export const totpModule = defineModule({
  name: 'totp',
  requires: ['users', 'aes'],
  start: (services) => {
    const budget = new TryBudget(services.clock);
    const viewOf = (user: string, credential: TotpCredential): totp.TotpView => {
      const { periodSeconds, window, driftSteps } = credential;
      return { ...commonView(totpKind, services, budget, user, credential), periodSeconds, window, driftSteps };
    };
    return {
      operations: [
        answer(totp.enroll, (call, tx) => {
          const { periodSeconds, window } = call.input;
          return enrollCredential(totpKind, services, call, tx, { unspent: 0, periodSeconds, window, driftSteps: 0 });
        }),
        verifyCode(totpKind, services, budget),
        ...changeCredentials(totpKind, services, budget),
        answer(totp.list, async ({ input }, tx) => ok(await showCredentials(totpKind, services, tx, input, viewOf))),
      ],
    };
  },
});

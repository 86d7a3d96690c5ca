// One-time codes by time.

import { ok, totp } from '@chatelaine/contract';
import { answer, defineModule, release } from '../../kernel/module.ts';
import { changeCredentials, enrollCredential } from '../../otp/change-credentials.ts';
import { exportCredential, importCredentials } from '../../otp/move-credentials.ts';
import { commonView, type Shown, showCredentials } from '../../otp/show-credentials.ts';
import { TryBudget } from '../../otp/try-budget.ts';
import { CodeCheck } from '../../otp/verify-code.ts';
import { type TotpCredential, totpKind } from './totp-kind.ts';

export const totpModule = defineModule({
  name: 'totp',
  requires: ['users', 'aes'],
  start: (services) => {
    const budget = new TryBudget(services.clock);
    const codes = new CodeCheck(totpKind, services, budget);
    const viewOf = (shown: Shown<TotpCredential>): totp.TotpView => {
      const { periodSeconds, window, driftSteps } = shown.credential;
      return { ...commonView(totpKind, services, budget, shown), periodSeconds, window, driftSteps };
    };
    return {
      operations: [
        answer(totp.enroll, (call, tx) => {
          const { periodSeconds, window } = call.input;
          return enrollCredential(totpKind, services, call, tx, { unspent: 0, periodSeconds, window, driftSteps: 0 });
        }),
        answer(totp.bring, (call, tx) =>
          importCredentials(totpKind, services, call, tx, ({ periodSeconds, window }) => ({
            unspent: 0,
            periodSeconds,
            window,
            driftSteps: 0,
          })),
        ),
        release(totp.exportSeed, (call, tx) =>
          exportCredential(totpKind, services, call, tx, ({ periodSeconds, window }) => ({ periodSeconds, window })),
        ),
        codes.operation,
        ...changeCredentials(totpKind, services, budget),
        answer(totp.list, async ({ input }, tx) => ok(await showCredentials(totpKind, services, tx, input, viewOf))),
      ],
      services: { spend: codes.service },
    };
  },
});

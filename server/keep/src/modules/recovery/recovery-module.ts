// Recovery codes.

import { defineModule } from '../../kernel/module.ts';
import { changeRecovery } from './change-recovery.ts';
import { spendRecovery, verifyRecovery } from './verify-recovery.ts';

export const recoveryModule = defineModule({
  name: 'recovery',
  requires: ['users'],
  start: (services) => ({
    operations: [verifyRecovery(services), ...changeRecovery(services)],
    services: { spend: spendRecovery(services) },
  }),
});

// Users whose passwords a directory keeps, and the only connections that the keep ever opens.

import { defineModule } from '../../kernel/module.ts';
import { CODE_MODULES } from '../../otp/spend-code.ts';
import { TryBudget } from '../../otp/try-budget.ts';
import { changeEntries } from './change-entries.ts';
import { Directory } from './directory.ts';
import { verifyCredentials } from './verify-credentials.ts';

export const ldapModule = defineModule({
  name: 'ldap',
  requires: ['users'],
  mayAsk: CODE_MODULES,
  start: (services) => {
    const budget = new TryBudget(services.clock);
    const directory = new Directory(services.settings.ldap, services.clock, services.log);
    return {
      operations: [verifyCredentials(services, budget, directory), ...changeEntries(services, budget, directory)],
    };
  },
});

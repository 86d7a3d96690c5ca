// The clients that may be given a disk password.

import { defineModule } from '../../kernel/module.ts';
import { CODE_MODULES } from '../../otp/spend-code.ts';
import { approveRequests } from './approve-requests.ts';
import { keepApprovers } from './approvers.ts';
import { changeMachine } from './change-machine.ts';
import { enrollMachines } from './enroll-machines.ts';
import { exportSecret } from './export-secret.ts';
import { fetchSecret } from './fetch-secret.ts';
import { giveCode } from './give-code.ts';
import { keepRules } from './keep-rules.ts';
import { logIn, machineCredentials } from './log-in.ts';
import { MachinesContext } from './machines-context.ts';
import { showMachines } from './show-machines.ts';
import { watchMachines } from './watch-machines.ts';

export const machinesModule = defineModule({
  name: 'machines',
  requires: [],
  mayAsk: ['users', ...CODE_MODULES],
  start: (services) => {
    const context = new MachinesContext(services);
    return {
      operations: [
        fetchSecret(context),
        exportSecret,
        enrollMachines(context),
        ...changeMachine(context),
        ...showMachines(context),
        ...watchMachines(context),
        ...approveRequests(context),
        giveCode(context),
        ...keepApprovers(context),
        ...keepRules(context),
        ...logIn(context),
      ],
      credentials: machineCredentials(context),
    };
  },
});
